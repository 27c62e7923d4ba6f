import { join } from 'node:path';
import { type CommandContext, checkWritable, namesIn, sentences, withProgress } from '@palate/command-line';
import { LeakError, PalateError, userCacheFolder, withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { type FittedMethod, type ItemKnowledge, type Method, methodContext } from '@palate/engine';
import { evaluateRanking, type RankingResult, rankingReport, toMarkdown } from '@palate/eval';
import { chooseSystems } from '../choose-systems.js';
import type { FittingOptions } from '../command-options.js';
import { loadData } from '../data.js';
import { knownOf } from '../engine/known-of.js';
import { showReport } from '../show-report.js';

/** Options of `palate evaluate`. */
export interface EvaluateOptions extends FittingOptions {
  readonly systems?: string | undefined;
  readonly metrics: string;
  readonly knowledge: boolean;
  readonly markdown?: boolean | undefined;
}

/**
 * `palate evaluate`: fits on all but each user's last interaction and measures how well it is found. Methods that read texts
 * read those of `palate knowledge`, too, as they do when they recommend; texts that may know what is tested are refused.
 */
export async function evaluateCommand(options: EvaluateOptions, context: CommandContext): Promise<void> {
  const { signal } = context;
  const systemsFor = chooseSystems(options.systems);
  const folder = join(options.artifacts ?? userCacheFolder(), 'evaluate');
  await checkWritable(folder);
  const dataset = await loadData(options.data, { signal });
  const systems = systemsFor(dataset);
  const knowledge = options.knowledge ? await knownOf(options.data, dataset) : undefined;
  const split = leaveOneOut(dataset.log, { validation: false });
  const train = withLog(dataset, split.train);
  const results: (RankingResult & { readonly knowledge?: string | undefined })[] = [];
  for (const system of systems)
    results.push(
      await withProgress(system.key, context, async ({ onProgress }) => {
        // Encoded texts are kept; what is fitted on a part of the data is not.
        const { seed, effort } = options;
        const fitting = methodContext(train, { folder, knowledge, effort, seed, signal, onProgress });
        const told = toldTo(system, knowledge);
        let retriever: FittedMethod | undefined;
        try {
          retriever = await system.fit(train, system.defaults?.[options.effort] ?? {}, fitting);
          const result = await evaluateRanking(
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
          return told === '' ? result : { ...result, knowledge: told };
        } catch (error) {
          throw told === '' ? error : withoutKnowledge(error);
        } finally {
          retriever?.dispose?.();
        }
      }),
    );
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

/** Texts of the knowledge that a method is given. */
function toldTo({ needs, kind }: Method, knowledge: ItemKnowledge | undefined): string {
  const { items, source = 'texts beside the catalogue', profiles, profileSource } = knowledge ?? {};
  return [
    ...(items && needs.includes('item texts') ? [source] : []),
    ...(profiles && kind === 'ranker' ? [profileSource ?? 'profiles'] : []),
  ].join('; ');
}

/** The refusal of a leak, with what can be done about it here. */
function withoutKnowledge(error: unknown): unknown {
  if (!PalateError.is(error) || error.code !== 'leak') return error;
  const { expected, received, cause } = error;
  return new LeakError({
    expected,
    received,
    hint: '`--no-knowledge` measures without the texts of `palate knowledge`; those of its earlier part (`palate knowledge run` without --latest) and of the catalogue know nothing of what is tested.',
    cause,
  });
}
