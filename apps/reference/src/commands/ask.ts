import { type CommandContext, FlowingText, terminalWidth, wrapped } from '@palate/command-line';
import type { FittingOptions } from '../command-options.js';
import { type AskerOptions, askerOf, filterOf, itemOf, itemsOf } from '../engine/asker.js';
import { withEngine } from '../engine/open-engine.js';
import { outcomesInWords, showAnswer } from '../engine/show-answer.js';

/** Options of `palate similar`. */
export interface SimilarOptions extends FittingOptions {
  readonly k: number;
  readonly by?: 'use' | 'text' | 'graph' | undefined;
  readonly filter?: readonly string[] | undefined;
}

/** `palate similar`: items like one, named by its title or id. */
export async function similarCommand(
  options: SimilarOptions,
  context: CommandContext,
  name: string,
): Promise<void> {
  const filter = filterOf(options.filter);
  const { answer, title } = await withEngine(options, context, async ({ engine, dataset }) => {
    const item = itemOf(name, dataset);
    const answer = await engine.similar(
      { item, k: options.k, by: options.by, filter },
      { signal: context.signal },
    );
    return { answer, title: engine.item(item)?.title ?? item };
  });
  if (context.json) return context.printJson({ like: title, ...answer });
  context.print(`like ${title}`);
  for (const line of showAnswer(answer)) context.print(line);
}

/** Options of `palate search`. */
export interface SearchOptions extends FittingOptions {
  readonly k: number;
  readonly filter?: readonly string[] | undefined;
}

/** `palate search`: items by words of their titles and texts. */
export async function searchCommand(
  options: SearchOptions,
  context: CommandContext,
  words: string,
): Promise<void> {
  const filter = filterOf(options.filter);
  const answer = await withEngine(options, context, ({ engine }) =>
    engine.search({ words, k: options.k, filter }, { signal: context.signal }),
  );
  if (context.json) return context.printJson(answer);
  for (const line of showAnswer(answer)) context.print(line);
}

/** Options of `palate rank`. */
export interface RankOptions extends FittingOptions, AskerOptions {
  readonly k?: number | undefined;
  readonly system?: string | undefined;
  readonly explain?: boolean | undefined;
}

/** `palate rank`: items in the order that fits somebody. */
export async function rankCommand(
  options: RankOptions,
  context: CommandContext,
  list: string,
): Promise<void> {
  const answer = await withEngine(options, context, ({ engine, dataset }) =>
    engine.rank(
      {
        ...askerOf(options, dataset),
        candidates: itemsOf(list, dataset, 'the list'),
        k: options.k,
        system: options.system,
        explain: options.explain === true,
      },
      { signal: context.signal },
    ),
  );
  if (context.json) return context.printJson(answer);
  for (const line of showAnswer(answer, { whole: options.explain === true })) context.print(line);
}

/** Options of `palate explain`. */
export interface ExplainOptions extends FittingOptions, AskerOptions {}

/** `palate explain`: why an item suits somebody; by the live model where PALATE_LLM names one, as it writes. */
export async function explainCommand(
  options: ExplainOptions,
  context: CommandContext,
  name: string,
): Promise<void> {
  const { signal, json, print, write } = context;
  const explanation = await withEngine(
    options,
    context,
    async ({ engine, dataset }) => {
      const request = { ...askerOf(options, dataset), item: itemOf(name, dataset) };
      if (json) return engine.explain(request, { signal });
      const text = new FlowingText(write, terminalWidth());
      let before = `${engine.item(request.item)?.title ?? request.item}: `;
      const onText = (piece: string): void => {
        text.add(`${before}${piece}`);
        before = '';
      };
      try {
        return await engine.explain(request, { signal, onText });
      } finally {
        text.end();
      }
    },
    { writes: true },
  );
  if (json) return context.printJson(explanation);
  const { sources, outcomes } = explanation;
  for (const line of [sources, ...outcomesInWords(outcomes)].flatMap((each) =>
    wrapped(`     [${each}]`, terminalWidth()),
  ))
    print(line);
}
