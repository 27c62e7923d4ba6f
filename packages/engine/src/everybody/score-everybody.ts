import {
  contentHash,
  defineOptions,
  InvalidInputError,
  type ListSink,
  type LongCallOptions,
  type OptionsOf,
  type OutcomeCounts,
  option,
  throwIfCancelled,
  type UserList,
} from '@palate/core';
import { AnswerTotals } from '../engine/answer-totals.js';
import { MOST_ITEMS } from '../engine/check-request.js';
import type { Engine } from '../engine/engine.js';
import { ENGINE_SOURCE } from '../engine/outcomes.js';
import type { Filter } from '../engine/request.js';

/** Users whose lists are found together: their lists are one call of every model. */
const BATCH = 256;

/** Options of {@link scoreEverybody}. */
export const EVERYBODY = defineOptions('scoreEverybody', {
  k: option.integer({ min: 1, max: MOST_ITEMS })({ default: 100, doc: 'most items of a list' }),
  system: option.text(1).optional({ doc: 'a method of the registry; the pipeline if left out' }),
  filter: option
    .value<Exclude<Filter, (id: string) => boolean>>(
      'a condition by columns',
      (value) => typeof value === 'object',
    )
    .optional({ doc: 'condition that items must meet' }),
  users: option.list(option.text(1)).optional({
    doc: 'users to make lists for; everybody in the data and the feedback if left out',
  }),
  shard: option
    .value<{ readonly part: number; readonly of: number }>(
      '{ part, of }',
      (value) => typeof value === 'object',
    )
    .optional({ doc: 'the share of the users in this run, `part` from 1; all if left out' }),
  blockSize: option.integer({ min: 1 })({
    default: 1000,
    doc: 'users per block, which is the most that a crash can lose, and what is held in memory',
  }),
});

/** Options of {@link scoreEverybody}; {@link EVERYBODY} says what each does. */
export type EverybodyOptions = OptionsOf<typeof EVERYBODY.declarations> & Omit<LongCallOptions, 'seed'>;

/** Report of {@link scoreEverybody}. */
export interface EverybodyReport {
  /** Users of this run's share. */
  readonly users: number;
  /** How many of them were found by this run, and not by one before it that was interrupted. */
  readonly scored: number;
  readonly seconds: number;
  /** Counts of what fell back or was passed over among the users of this run, by cause. */
  readonly outcomes: readonly OutcomeCounts[];
}

/**
 * Finds the lists of all users and hands them to a sink, block by block. Interrupted or killed, it goes on after the last whole
 * block when it is called again with the same data, models and settings. Memory does not grow with the users, but by their ids.
 *
 * @throws InvalidInputError for options that cannot be used, before anything is written
 * @throws CancelledError if `signal` fires; the blocks that are whole are kept
 */
export async function scoreEverybody(
  engine: Engine,
  sink: ListSink,
  options: EverybodyOptions = {},
): Promise<EverybodyReport> {
  const { k, system, filter, shard, blockSize, users: named } = EVERYBODY.settings(options);
  const { signal, onProgress } = options;
  throwIfCancelled(signal, 'finding everybody’s lists');
  const users = shareOf(named ?? engine.userIds(), shard);
  const { version, pipeline, feedback } = engine.status();
  const blocks = Math.ceil(users.length / blockSize);
  const identity = contentHash([
    { version, feedback: feedback.events, k, system, filter, blockSize },
    system === undefined ? JSON.stringify(pipeline) : '',
    users,
  ]);
  const started = performance.now();
  const there = await sink.begin({ identity, blocks });
  const scored = new AnswerTotals();
  let done = 0;
  const report = (): void =>
    onProgress?.({
      phase: 'lists of users',
      done,
      total: users.length,
      ...(scored.answered === 0
        ? {}
        : {
            secondsLeft: (((performance.now() - started) / 1000) * (users.length - done)) / scored.answered,
          }),
    });
  for (let block = 0; block < blocks; block++) {
    const own = users.slice(block * blockSize, (block + 1) * blockSize);
    if (there.has(block)) {
      done += own.length;
      report();
      continue;
    }
    const lists: UserList[] = [];
    for (let from = 0; from < own.length; from += BATCH) {
      const asked = own.slice(from, from + BATCH);
      const answers = await engine.recommendBatch(
        asked.map((user) => ({ user, k, system, filter })),
        { signal },
      );
      for (const [at, { items, outcomes: told }] of answers.entries()) {
        lists.push({ user: asked[at] as string, items: items.map(({ id, score }) => ({ id, score })) });
        // A model reports on the whole batch, and each answer of the batch repeats the report.
        scored.add(1, at === 0 ? told : told.filter(({ source }) => source === ENGINE_SOURCE));
      }
      done += asked.length;
      report();
    }
    throwIfCancelled(signal, 'finding everybody’s lists');
    await sink.write(block, lists);
  }
  await sink.finish();
  return {
    users: users.length,
    scored: scored.answered,
    seconds: (performance.now() - started) / 1000,
    outcomes: scored.outcomes,
  };
}

/** The users of one share: every `of`-th, so that shares are as large as each other whatever the order says. */
function shareOf(users: readonly string[], shard: EverybodyOptions['shard']): readonly string[] {
  if (shard === undefined) return users;
  const { part, of } = shard;
  if (!(Number.isInteger(part) && Number.isInteger(of) && part >= 1 && part <= of))
    throw new InvalidInputError({
      expected: 'a share such as { part: 2, of: 8 }',
      received: JSON.stringify(shard),
      hint: 'Give whole numbers, the part from 1 to the number of parts.',
    });
  return users.filter((_, index) => index % of === part - 1);
}
