import { type Dataset, InvalidInputError, type Query } from '@palate/core';
import { chooseSystems } from '../choose-systems.js';
import { loadData } from '../data.js';
import { fitOrLoad } from '../fitted.js';
import { fitWidth } from '../layout.js';
import type { CommandContext } from '../run-command.js';
import { findTitle } from '../titles.js';

/** Options of `palate recommend`. */
export interface RecommendOptions {
  readonly user?: string;
  readonly history?: string;
  readonly k: number;
  readonly system: string;
  readonly data: string;
  readonly artifacts: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** What is asked: a user of the data, or a list of titles. */
function queryOf(options: RecommendOptions, dataset: Dataset): Query & { readonly history: Int32Array } {
  const { log } = dataset;
  if ((options.user === undefined) === (options.history === undefined))
    throw new InvalidInputError({
      expected: 'either --user ID or --history "title; title"',
      received: options.user === undefined ? 'neither' : 'both',
      mend: 'Say for whom to recommend.',
    });
  if (options.user !== undefined)
    return { user: options.user, history: log.history(log.users.indexOf(options.user)) };
  const titles = (options.history ?? '').split(';').filter((title) => title.trim() !== '');
  if (titles.length === 0)
    throw new InvalidInputError({
      expected: 'at least one title',
      received: JSON.stringify(options.history),
      mend: 'Write --history "Alien; Heat".',
    });
  return { history: Int32Array.from(titles, (title) => findTitle(title, dataset).item) };
}

/** `palate recommend`: the best items for a user of the data or for a list of titles. */
export async function recommendCommand(
  options: RecommendOptions,
  { signal, print }: CommandContext,
): Promise<void> {
  const systems = chooseSystems(options.system);
  const dataset = await loadData(options.data, { signal });
  const query = queryOf(options, dataset);
  const [fitted] = await fitOrLoad(systems.slice(0, 1), dataset, {
    artifacts: options.artifacts,
    data: options.data,
    seed: options.seed,
    signal,
    quiet: options.json === true,
  });
  if (!fitted) return;
  const [list = []] = await fitted.retriever.retrieve([query], options.k, { signal });
  const describe = (item: number) => ({
    id: dataset.log.items.idOf(item),
    title: dataset.catalog.itemText(item, ['title']),
  });
  if (options.json) {
    print(
      JSON.stringify({
        data: dataset.name,
        system: fitted.retriever.name,
        history: Array.from(query.history, describe),
        recommendations: list.map(({ item, score }) => ({ ...describe(item), score })),
      }),
    );
    return;
  }
  print(
    `${fitted.retriever.name} on ${dataset.name}, from ${query.history.length} films: ${Array.from(query.history.slice(-5), (item) => describe(item).title).join(', ')}`,
  );
  const genres = dataset.catalog.attributes.genres;
  for (const [rank, { item, score }] of list.entries()) {
    const kinds = genres?.[item];
    print(
      `${String(rank + 1).padStart(3)}. ${fitWidth(describe(item).title, 48)} ${score.toFixed(3).padStart(8)}  ${Array.isArray(kinds) ? kinds.join(', ') : ''}`.trimEnd(),
    );
  }
}
