import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandContext, checkWritable, namesIn, withProgress } from '@palate/command-line';
import { InvalidInputError, isObject, PalateError, userCacheFolder } from '@palate/core';
import { type MethodSettings, methodOf } from '@palate/engine';
import { combinationsOf, runTrials } from '@palate/jobs';
import type { FittingOptions } from '../command-options.js';
import { loadData } from '../data.js';
import { cellsOf, EVALUATE_CELL } from '../jobs/evaluate-cell.js';
import { withQueue } from '../jobs/with-queue.js';

/** Options of `palate tune`. */
export interface TuneOptions extends FittingOptions {
  readonly system: string;
  readonly grid: string;
  readonly metrics: string;
  readonly knowledge: boolean;
  readonly queue?: string | undefined;
}

/** `palate tune`: all combinations of a grid as trials on the validation part, best first; the test is not looked at. */
export async function tuneCommand(options: TuneOptions, context: CommandContext): Promise<void> {
  const { signal } = context;
  const { options: declared, key: system } = methodOf(options.system);
  const grid = await gridOf(options.grid);
  const combinations: readonly MethodSettings[] = combinationsOf(grid);
  // Before anything is fitted: names and values of the method's own options.
  // Methods have options of different types; this is the check of theirs.
  for (const combination of combinations) declared.settings(combination as never);
  const metrics = namesIn(options.metrics);
  if (options.queue === undefined)
    await checkWritable(join(options.artifacts ?? userCacheFolder(), 'evaluate'));
  const dataset = await loadData(options.data, { signal });
  const cells = await cellsOf(
    dataset,
    combinations.map((settings) => ({ system, settings })),
    { ...options, metrics, on: 'validation' },
  );
  const [decides = ''] = metrics;
  const judged = (result: {
    readonly metrics: Readonly<Record<string, { readonly mean: number }>>;
  }): number => result.metrics[decides]?.mean ?? Number.NaN;
  const { ranked, failed } = await withQueue(options.queue, (queue) =>
    withProgress('trials', context, ({ onProgress }) =>
      runTrials(queue, EVALUATE_CELL, cells, judged, { signal, onProgress }),
    ),
  );
  const causes = Object.entries(failed);
  if (context.json)
    context.printJson({
      system,
      metric: decides,
      trials: ranked.map(({ input, value, result }) => ({
        settings: input.settings,
        value,
        metrics: result.metrics,
      })),
      failed,
    });
  else {
    for (const { input, value, result } of ranked)
      context.print(
        `${decides} ${value.toFixed(4)}  ${JSON.stringify(input.settings)}  ${result.seconds.toFixed(1)} s`,
      );
    for (const [code, { count, example }] of causes) context.print(`${count} failed, ${code}: ${example}`);
  }
  const [first] = causes;
  if (ranked.length === 0 && first)
    throw new PalateError(first[0], {
      expected: 'a trial that ends',
      received: first[1].example,
      hint: 'See `palate systems` for what the method needs.',
    });
}

/** The grid in words, or in a file. */
async function gridOf(words: string): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const text = words.startsWith('@') ? await readFile(words.slice(1), 'utf8') : words;
  let grid: unknown;
  try {
    grid = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (isObject(grid) && Object.values(grid).every((values) => Array.isArray(values) && values.length > 0))
    return grid as Readonly<Record<string, readonly unknown[]>>;
  throw new InvalidInputError({
    expected: 'a JSON object of lists for --grid, such as \'{"l2":[50,200]}\'',
    received: text.slice(0, 100),
    hint: 'Name options of the method, each with the values to try.',
  });
}
