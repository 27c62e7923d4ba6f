import { resolve } from 'node:path';
import { type CommandContext, withProgress } from '@palate/command-line';
import { InvalidInputError, PalateError, sumOutcomes } from '@palate/core';
import { isDatasetFolder } from '@palate/datasets';
import { type EverybodyReport, methodOf, scoreEverybody } from '@palate/engine';
import type { FittingOptions } from '../command-options.js';
import { withEngine } from '../engine/open-engine.js';
import { outcomesInWords } from '../engine/show-answer.js';
import { isAddress, placeOfShare, sinkOf } from '../jobs/list-place.js';
import { SCORE_SHARE } from '../jobs/score-share.js';
import { withWorkers } from '../jobs/with-queue.js';

/** Options of `palate score`. */
export interface ScoreOptions extends FittingOptions {
  readonly everybody?: boolean | undefined;
  readonly out: string;
  readonly k: number;
  readonly system?: string | undefined;
  readonly shard?: string | undefined;
  readonly block: number;
  readonly queue?: string | undefined;
  readonly shares: number;
  readonly run?: string | undefined;
}

/** `palate score --everybody`: the lists of all users, in a file or a table; run again it goes on where it was stopped. */
export async function scoreCommand(options: ScoreOptions, context: CommandContext): Promise<void> {
  const { system, out, queue } = options;
  if (options.everybody !== true)
    throw new InvalidInputError({
      expected: '--everybody',
      received: 'no users',
      hint: 'Use palate score --everybody for all users; `palate recommend --user ID` answers one.',
    });
  if (system !== undefined) methodOf(system);
  const report = await (queue === undefined
    ? scoreHere(options, context)
    : scoreElsewhere(options, queue, context));
  if (context.json) return context.printJson({ out, ...report });
  const { users, scored, seconds, outcomes } = report;
  const before = users - scored;
  context.print(
    `${out}: lists of ${users} users${before > 0 ? `, ${before} of them from a run before` : ''}; ${seconds.toFixed(1)} s, ${(scored / Math.max(seconds, 1e-3)).toFixed(0)} users per second`,
  );
  for (const line of outcomesInWords(outcomes)) context.print(line);
}

async function scoreHere(options: ScoreOptions, context: CommandContext): Promise<EverybodyReport> {
  const { k, system, block, out } = options;
  const { signal } = context;
  const shard = shardOf(options.shard);
  const sink = await sinkOf(out, context.notice);
  try {
    // A live model would be paid for each user.
    return await withEngine({ ...options, isLive: false }, context, async ({ engine, onProgress }) => {
      await (system === undefined ? engine.prepare({ signal }) : engine.fit({ system }, { signal }));
      return scoreEverybody(engine, sink, { k, system, shard, blockSize: block, signal, onProgress });
    });
  } catch (error) {
    if (PalateError.is(error) && error.code === 'cancelled' && !context.json)
      context.notice('Whole blocks are kept: the same command continues after them.');
    throw error;
  } finally {
    await sink.close();
  }
}

/** Has workers do it, each a share of the users at a time. */
async function scoreElsewhere(
  options: ScoreOptions,
  url: string,
  context: CommandContext,
): Promise<EverybodyReport> {
  const {
    data,
    artifacts,
    seed,
    effort,
    k,
    system,
    block,
    out,
    shares,
    run = new Date().toISOString(),
  } = options;
  if (options.shard !== undefined || isAddress(out))
    throw new InvalidInputError({
      expected: 'with --queue neither --shard nor an address as --out',
      received: options.shard !== undefined ? `--shard ${options.shard}` : 'an address',
      hint: '--shares divides the users; for a database use --out postgres, with DATABASE_URL set for the workers.',
    });
  return withWorkers(url, async (queue) => {
    const started = performance.now();
    if (options.run === undefined && !context.json)
      context.notice(`if stopped, it resumes with the same command and --run ${run}`);
    // Workers may run in other folders.
    const places = {
      data: (await isDatasetFolder(data)) ? resolve(data) : data,
      artifacts: artifacts === undefined ? undefined : resolve(artifacts),
    };
    const file = out === 'postgres' ? out : resolve(out);
    const inputs = Array.from({ length: shares }, (_, at) => {
      const shard = { part: at + 1, of: shares };
      return { ...places, seed, effort, k, system, block, shard, run, out: placeOfShare(file, shard) };
    });
    const results = await withProgress('shares', context, ({ onProgress }) =>
      queue.run(SCORE_SHARE, inputs, { signal: context.signal, onProgress }),
    );
    const failed = results.flatMap((result) => (result.ok ? [] : [result.error]));
    const [first] = failed;
    if (first)
      throw new PalateError(first.code, {
        expected: `all ${shares} shares`,
        received: `${failed.length} that failed: ${first.message}`,
        hint: 'Fix the cause, then run the same command again: finished blocks are kept.',
      });
    const reports = results.flatMap((result) => (result.ok ? [result.value] : []));
    const sum = (of: (report: EverybodyReport) => number): number =>
      reports.reduce((all, report) => all + of(report), 0);
    return {
      users: sum(({ users }) => users),
      scored: sum(({ scored }) => scored),
      seconds: (performance.now() - started) / 1000,
      outcomes: sumOutcomes(reports.flatMap(({ outcomes }) => outcomes)),
    };
  });
}

/** A share of the users from words such as `2/8`. */
function shardOf(words: string | undefined): { readonly part: number; readonly of: number } | undefined {
  if (words === undefined) return undefined;
  const [part, of] = (/^(\d+)\/(\d+)$/.exec(words) ?? []).slice(1).map(Number);
  if (part !== undefined && of !== undefined && part >= 1 && part <= of) return { part, of };
  throw new InvalidInputError({
    expected: 'a share such as 2/8 for --shard, from 1/8 to 8/8',
    received: words,
    hint: 'Give the part and the number of parts.',
  });
}
