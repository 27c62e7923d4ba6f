import { join } from 'node:path';
import { type CommandContext, checkWritable, namesIn, sentences, withProgress } from '@palate/command-line';
import { PalateError, userCacheFolder, withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { rankingReport, toMarkdown } from '@palate/eval';
import { chooseSystems } from '../choose-systems.js';
import type { FittingOptions } from '../command-options.js';
import { loadData } from '../data.js';
import { knownOf } from '../engine/known-of.js';
import { type MeasuredSystem, measureSystem } from '../evaluation/measure-system.js';
import { cellsOf, EVALUATE_CELL } from '../jobs/evaluate-cell.js';
import { withQueue } from '../jobs/with-queue.js';
import { showReport } from '../show-report.js';

/** Options of `palate evaluate`. */
export interface EvaluateOptions extends FittingOptions {
  readonly systems?: string | undefined;
  readonly metrics: string;
  readonly knowledge: boolean;
  readonly markdown?: boolean | undefined;
  readonly queue?: string | undefined;
}

/**
 * `palate evaluate`: fits on all but each user's last interaction and measures how well it is found. Methods that read texts
 * read those of `palate knowledge`, too, as they do when they recommend; texts that may know what is tested are refused.
 */
export async function evaluateCommand(options: EvaluateOptions, context: CommandContext): Promise<void> {
  const { signal } = context;
  const systemsFor = chooseSystems(options.systems);
  const folder = join(options.artifacts ?? userCacheFolder(), 'evaluate');
  if (options.queue === undefined) await checkWritable(folder);
  const dataset = await loadData(options.data, { signal });
  const systems = systemsFor(dataset);
  const metrics = namesIn(options.metrics);
  const split = leaveOneOut(dataset.log, { validation: false });
  const results: MeasuredSystem[] = [];
  if (options.queue === undefined) {
    const knowledge = options.knowledge ? await knownOf(options.data, dataset) : undefined;
    const train = withLog(dataset, split.train);
    for (const system of systems)
      results.push(
        await withProgress(system.key, context, ({ onProgress }) =>
          measureSystem(system, {
            ...{ train, history: split.known, test: split.test, split: split.description, metrics },
            ...{ folder, knowledge, effort: options.effort, seed: options.seed, signal, onProgress },
            settings: system.defaults?.[options.effort] ?? {},
            // Values of users let the report compare the systems in pairs; they would swell the JSON.
            perUser: systems.length > 1 && !context.json,
          }),
        ),
      );
  } else {
    const cells = await cellsOf(
      dataset,
      systems.map(({ key }) => ({ system: key })),
      { ...options, metrics, on: 'test' },
    );
    const done = await withQueue(options.queue, (queue) =>
      withProgress('systems', context, ({ onProgress }) =>
        queue.run(EVALUATE_CELL, cells, { signal, onProgress }),
      ),
    );
    for (const [at, result] of done.entries()) {
      if (!result.ok)
        throw new PalateError(result.error.code, {
          expected: `a result of ${systems[at]?.key}`,
          received: result.error.message,
          hint: 'Fix the cause, then run the same command again: finished measurements are kept.',
        });
      results.push(result.value);
    }
  }
  if (context.json) return context.printJson(results);
  const report = rankingReport(dataset.name, results);
  for (const line of options.markdown ? [toMarkdown(report)] : showReport(report)) context.print(line);
  const say = (text: string): void => {
    for (const line of sentences([text])) context.print(line);
  };
  for (const told of new Set(results.flatMap((each) => each.knowledge ?? []))) {
    const read = results.filter((each) => each.knowledge === told);
    say(`${read.map(({ system }) => system).join(', ')}: with ${told}`);
  }
  for (const warning of split.warnings) say(`note: ${warning}`);
}
