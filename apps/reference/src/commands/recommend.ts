import { type CommandContext, terminalWidth, wrapped } from '@palate/command-line';
import type { Dataset } from '@palate/core';
import type { Asker } from '@palate/engine';
import { methodOf } from '@palate/engine';
import { BUNDLED } from '../bundled.js';
import type { FittingOptions } from '../command-options.js';
import { type AskerOptions, askerOf, filterOf, itemsOf } from '../engine/asker.js';
import { withEngine } from '../engine/open-engine.js';
import { shortened, showAnswer } from '../engine/show-answer.js';

/** Options of `palate recommend`. */
export interface RecommendOptions extends FittingOptions, AskerOptions {
  readonly k: number;
  readonly system?: string | undefined;
  readonly exclude?: string | undefined;
  readonly candidates?: string | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly diversity?: number | undefined;
  readonly explain?: boolean | undefined;
}

/** `palate recommend`: the best items for a user, a list of titles, or a wish in words. */
export async function recommendCommand(options: RecommendOptions, context: CommandContext): Promise<void> {
  const { signal } = context;
  // The bundled pipeline is trained for minutes; without words or reasons a light method answers at once.
  const isLight = options.data === BUNDLED && !options.explain && options.text === undefined;
  const system = options.system ?? (isLight ? 'ease' : undefined);
  if (system !== undefined) methodOf(system);
  const filter = filterOf(options.filter);
  const { answer, dataset, asker } = await withEngine(options, context, async ({ engine, dataset }) => {
    const asker = askerOf(options, dataset);
    const list = (names: string | undefined, option: string) =>
      names === undefined ? undefined : itemsOf(names, dataset, option);
    const answer = await engine.recommend(
      {
        ...asker,
        k: options.k,
        system,
        filter,
        exclude: list(options.exclude, '--exclude'),
        candidates: list(options.candidates, '--candidates'),
        diversity: options.diversity,
        explain: options.explain === true,
      },
      { signal },
    );
    return { answer, dataset, asker };
  });
  const history = historyOf(asker, dataset);
  if (context.json) {
    context.printJson({ data: dataset.name, system, history, ...answer });
    return;
  }
  for (const line of wrapped(headline(asker, history, dataset), terminalWidth())) context.print(line);
  for (const line of showAnswer(answer, { whole: options.explain === true })) context.print(line);
}

/** The history that an answer goes by, oldest first. */
function historyOf({ user, history }: Asker, { log, catalog }: Dataset): { id: string; title: string }[] {
  const ids =
    history?.map((entry) => (typeof entry === 'string' ? entry : entry.item)) ??
    (user === undefined
      ? []
      : Array.from(log.history(log.users.indexOf(user)), (item) => log.items.idOf(item)));
  const fields = catalog.fields.includes('title') ? ['title'] : [];
  return ids.map((id) => ({ id, title: catalog.itemText(log.items.indexOf(id), fields) || id }));
}

function headline({ user, text }: Asker, history: readonly { title: string }[], dataset: Dataset): string {
  const who = user !== undefined ? ` for ${user}` : text === undefined ? '' : ' for somebody';
  const wish = text === undefined ? '' : ` who wants "${text}"`;
  const last = history.slice(-5).map(({ title }) => shortened(title));
  const from =
    history.length === 0
      ? ''
      : `, from ${history.length} items: ${history.length > 5 ? '…; ' : ''}${last.join('; ')}`;
  return `${dataset.name}${who}${wish}${from}`;
}
