import type { CommandContext } from '@palate/command-line';
import { printableJson, withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking, type RankingResult, rankingReport, toMarkdown } from '@palate/eval';
import { chooseSystems } from '../choose-systems.js';
import { loadData } from '../data.js';

/** Options of `palate evaluate`. */
export interface EvaluateOptions {
  readonly systems?: string | undefined;
  readonly metrics: string;
  readonly data: string;
  readonly seed: number;
  readonly json?: boolean | undefined;
}

/** `palate evaluate`: fits on all but each user's last interaction and measures how well it is found. */
export async function evaluateCommand(
  options: EvaluateOptions,
  { signal, print }: CommandContext,
): Promise<void> {
  const systems = chooseSystems(options.systems);
  const metrics = options.metrics.split(',').map((name) => name.trim());
  const dataset = await loadData(options.data, { signal });
  const split = leaveOneOut(dataset.log, { validation: false });
  const train = withLog(dataset, split.train);
  const results: RankingResult[] = [];
  for (const system of systems) {
    if (process.stderr.isTTY && !options.json) process.stderr.write(`${system.key}\n`);
    const retriever = await system.fit(train, { seed: options.seed, signal });
    results.push(
      await evaluateRanking(
        retriever,
        { history: split.known, train: split.train, test: split.test },
        {
          metrics,
          split: split.description,
          seed: options.seed,
          signal,
          // Values of users let the report compare the systems in pairs; they would swell the JSON.
          perUser: systems.length > 1 && !options.json,
        },
      ),
    );
  }
  if (options.json) print(printableJson(results));
  else {
    print(toMarkdown(rankingReport(dataset.name, results)));
    for (const warning of split.warnings) print(`note: ${warning}`);
  }
}
