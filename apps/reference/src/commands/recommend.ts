import type { CommandContext } from '@palate/command-line';
import { fitWidth } from '@palate/command-line';
import { type Dataset, InvalidInputError, printableJson, type Query } from '@palate/core';
import type { Effort } from '../assistant/models.js';
import { openAssistant } from '../assistant/open-assistant.js';
import { showAnswer } from '../assistant/show-answer.js';
import { BUNDLED } from '../bundled.js';
import { chooseSystems } from '../choose-systems.js';
import { loadData } from '../data.js';
import { fitOrLoad } from '../fitted.js';
import { findTitle } from '../titles.js';

/** Options of `palate recommend`. */
export interface RecommendOptions {
  readonly user?: string | undefined;
  readonly history?: string | undefined;
  readonly k: number;
  readonly system: string;
  readonly data: string;
  readonly artifacts: string;
  readonly seed: number;
  readonly json?: boolean | undefined;
  /** Wish of the user, in words. */
  readonly profile?: string | undefined;
  /** Give a reason for each film. */
  readonly explain?: boolean | undefined;
  /** How much the assistant's models are trained. */
  readonly effort?: Effort | undefined;
}

/** Question: a user of the data, or a list of titles. */
function queryOf(options: RecommendOptions, dataset: Dataset): Query & { readonly history: Int32Array } {
  const { log } = dataset;
  if ((options.user === undefined) === (options.history === undefined))
    throw new InvalidInputError({
      expected: 'either --user ID or --history "title; title"',
      received: options.user === undefined ? 'neither' : 'both',
      hint: 'Say for whom to recommend.',
    });
  if (options.user !== undefined)
    return { user: options.user, history: log.history(log.users.indexOf(options.user)) };
  const titles = (options.history ?? '').split(';').filter((title) => title.trim() !== '');
  if (titles.length === 0)
    throw new InvalidInputError({
      expected: 'at least one title',
      received: JSON.stringify(options.history),
      hint: 'Write --history "Alien; Heat".',
    });
  return { history: Int32Array.from(titles, (title) => findTitle(title, dataset).item) };
}

/** `palate recommend`: the best items for a user of the data or for a list of titles. */
export async function recommendCommand(options: RecommendOptions, context: CommandContext): Promise<void> {
  const { signal, print } = context;
  if (options.profile !== undefined || options.explain) return explainCommand(options, context);
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
      printableJson({
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

/** `palate recommend --profile … --explain`: the assistant's answer, with a reason for each film. */
async function explainCommand(options: RecommendOptions, { signal, print }: CommandContext): Promise<void> {
  if (options.data !== BUNDLED)
    throw new InvalidInputError({
      expected: '--profile and --explain with the bundled data, whose films have recorded knowledge',
      received: options.data,
      hint: 'Leave --data out.',
    });
  const dataset = await loadData(options.data, { signal });
  const isNew = options.user === undefined && options.history === undefined;
  if (isNew && (options.profile ?? '').trim() === '')
    throw new InvalidInputError({
      expected: 'a profile in words, a user or a history',
      received: 'none',
      hint: 'Write for example --profile "slow-burning heist films, no gore".',
    });
  const query = isNew ? undefined : queryOf(options, dataset);
  const assistant = await openAssistant(dataset, {
    artifacts: options.artifacts,
    seed: options.seed,
    signal,
    quiet: options.json === true,
    effort: options.effort,
  });
  const answer = await assistant.recommend(
    {
      history: query?.history ?? [],
      ...(query?.user === undefined ? {} : { user: query.user }),
      profile: options.profile,
    },
    options.k,
    signal,
  );
  if (!options.json) {
    for (const line of showAnswer(answer, dataset, Math.max(100, process.stdout.columns ?? 160))) print(line);
    return;
  }
  print(
    printableJson({
      data: dataset.name,
      profile: answer.keywords,
      sources: answer.sources,
      candidates: answer.candidates.length,
      recommendations: answer.items.map(({ item, explanation, explanationSource }) => ({
        id: dataset.log.items.idOf(item),
        title: dataset.catalog.itemText(item, ['title']),
        explanation,
        explanationSource,
      })),
    }),
  );
}
