import { join } from 'node:path';
import { type CommandContext, checkWritable, namesIn, withProgress } from '@palate/command-line';
import { withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { methodContext, userCacheFolder } from '@palate/engine';
import { evaluateRanking, type RankingResult, rankingReport, toMarkdown } from '@palate/eval';
import { chooseSystems } from '../choose-systems.js';
import type { FittingOptions } from '../command-options.js';
import { loadData } from '../data.js';

/** Options of `palate evaluate`. */
export interface EvaluateOptions extends FittingOptions {
  readonly systems?: string | undefined;
  readonly metrics: string;
}

/** `palate evaluate`: fits on all but each user's last interaction and measures how well it is found. */
export async function evaluateCommand(options: EvaluateOptions, context: CommandContext): Promise<void> {
  const { signal } = context;
  const systems = chooseSystems(options.systems);
  const folder = join(options.artifacts ?? userCacheFolder(), 'evaluate');
  await checkWritable(folder);
  const dataset = await loadData(options.data, { signal });
  const split = leaveOneOut(dataset.log, { validation: false });
  const train = withLog(dataset, split.train);
  const results: RankingResult[] = [];
  for (const system of systems)
    results.push(
      await withProgress(system.key, context, async ({ onProgress }) => {
        // Encoded texts are kept; what is fitted on a part of the data is not.
        const fitting = methodContext(train, { folder, seed: options.seed, signal, onProgress });
        const retriever = await system.fit(train, system.defaults?.[options.effort] ?? {}, fitting);
        return evaluateRanking(
          retriever,
          { history: split.known, train: split.train, test: split.test },
          {
            metrics: namesIn(options.metrics),
            split: split.description,
            seed: options.seed,
            signal,
            onProgress,
            // Values of users let the report compare the systems in pairs; they would swell the JSON.
            perUser: systems.length > 1 && !context.json,
          },
        );
      }),
    );
  if (context.json) return context.printJson(results);
  context.print(toMarkdown(rankingReport(dataset.name, results)));
  for (const warning of split.warnings) context.print(`note: ${warning}`);
}
