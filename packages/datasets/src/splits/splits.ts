import {
  defineOptions,
  type InteractionLog,
  InvalidInputError,
  LeakError,
  noteHeldOut,
  noteParts,
  noteWithheld,
  type OptionsOf,
  option,
  RandomStream,
} from '@palate/core';
import { findLeaks } from './leaks.js';

/** Parts of a log, sharing its id maps and so its dense indexes. */
export interface Split {
  readonly kind: 'leave-one-out' | 'time' | 'per-user-time' | 'user' | 'random';
  readonly train: InteractionLog;
  readonly validation?: InteractionLog | undefined;
  readonly test: InteractionLog;
  /**
   * Interactions that systems may see at test time: everything that is not the test, training and validation
   * together, in the order of the log. Systems are fitted on `train`, chosen by `validation`, and tested with these
   * histories. The training part itself where there is no validation.
   */
  readonly known: InteractionLog;
  /** The rule in words, with its parameters, as it goes beside results. */
  readonly description: string;
  /** Warnings of what training sees that it would not know in production, in words. */
  readonly warnings: readonly string[];
}

const LEAKS = option.choice(['warn', 'refuse'])({
  default: 'warn',
  doc: "`'warn'` lists leaks in `warnings`; `'refuse'` throws on the first",
});

const share = (fallback: number, doc: string) =>
  option.number({ min: 0, max: 1 })({ default: fallback, doc });

const TRAIN = 0;
const VALIDATION = 1;
const TEST = 2;
/** Splits that cut by the order of a user's interactions. */
const ORDERED: ReadonlySet<Split['kind']> = new Set(['leave-one-out', 'per-user-time']);
// In this order: what is known at the test is everything up to validation.

function build(
  log: InteractionLog,
  part: Uint8Array,
  kind: Split['kind'],
  description: string,
  hasValidation: boolean,
  leakPolicy: 'warn' | 'refuse',
): Split {
  const rowsFrom = (first: number, last: number): InteractionLog => {
    let count = 0;
    for (let row = 0; row < part.length; row++) if (part[row]! >= first && part[row]! <= last) count++;
    const rows = new Int32Array(count);
    let at = 0;
    for (let row = 0; row < part.length; row++)
      if (part[row]! >= first && part[row]! <= last) rows[at++] = row;
    return log.select(rows);
  };
  const train = rowsFrom(TRAIN, TRAIN);
  const test = rowsFrom(TEST, TEST);
  const validation = hasValidation ? rowsFrom(VALIDATION, VALIDATION) : undefined;
  noteHeldOut(test, log);
  // An evaluation that gets only the training part can warn.
  if (validation) {
    noteHeldOut(validation, log);
    noteWithheld(train, validation);
  }
  for (const [name, each] of [
    ['training', train] as const,
    ['test', test] as const,
    ['validation', validation] as const,
  ])
    if (each && each.length === 0)
      throw new InvalidInputError({
        expected: `interactions in the ${name} part`,
        received: `none out of ${log.length}`,
        hint: 'Use more data or other shares.',
      });
  const warnings: string[] = [];
  if (log.timeUnit === 'position' && ORDERED.has(kind))
    warnings.push("the data has no times: the order of each user's rows stands in for them");
  const leak = (expected: string, received: string): void => {
    if (leakPolicy === 'refuse')
      throw new LeakError({
        expected,
        received,
        hint: "Split by time, or accept the leak with leaks: 'warn'.",
      });
    warnings.push(received);
  };
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const found = findLeaks(train, test);
  if (found.usersTrainedOnTheirFuture > 0)
    leak(
      'training interactions of a user before the same user’s test interactions',
      `${percent(found.usersTrainedOnTheirFuture)} of the test users have training interactions later than their own test interactions`,
    );
  if (found.testBeforeTrainingEnd > 0)
    leak(
      'all training interactions before all test interactions',
      `${percent(found.testBeforeTrainingEnd)} of the test interactions are older than the newest training interaction (of any user)`,
    );
  if (found.repeatedPairs > 0)
    leak(
      'test pairs of user and item that are not in training',
      `${found.repeatedPairs} test interactions repeat a pair of user and item of training (apply keepFirst before splitting)`,
    );
  if (log.timeUnit === 'seconds' && ORDERED.has(kind)) {
    const tied = tiedUsers(log, part);
    if (tied > 0)
      warnings.push(
        `${percent(tied)} of the test users have a known interaction at the very time of a test interaction: the order of the rows decided which is the test`,
      );
  }
  let known: InteractionLog | undefined;
  return {
    kind,
    train,
    validation,
    test,
    // Made when it is asked for, so that a large split costs no third copy.
    get known() {
      if (!known && validation) {
        known = rowsFrom(TRAIN, VALIDATION);
        // Texts and vectors made from training may be tested with it.
        noteParts(known, [train, validation]);
      }
      known ??= train;
      return known;
    },
    description,
    warnings,
  };
}

/** Share of the test users whose newest known interaction is at the time of their oldest test interaction. */
function tiedUsers(log: InteractionLog, part: Uint8Array): number {
  const { offsets, row } = log.byUser();
  let users = 0;
  let tied = 0;
  for (let user = 0; user < log.users.size; user++) {
    let newest = Number.NEGATIVE_INFINITY;
    let oldest = Number.POSITIVE_INFINITY;
    for (let p = offsets[user]!; p < offsets[user + 1]!; p++) {
      const time = log.timestamp[row[p]!]!;
      if (part[row[p]!] === TEST) oldest = Math.min(oldest, time);
      else newest = Math.max(newest, time);
    }
    if (oldest < Number.POSITIVE_INFINITY) users++;
    if (oldest === newest) tied++;
  }
  return users === 0 ? 0 : tied / users;
}

/** Rules of splits in words, as they go beside results. */
export const SPLIT_RULES = {
  leaveOneOut: (hasValidation: boolean): string =>
    `leave-one-out: last interaction test${hasValidation ? ', second-last validation' : ''}; equal times by row`,
  byTime: (testFrom: number, validationFrom: number | undefined): string =>
    `global time: test from ${testFrom}${validationFrom === undefined ? '' : `, validation from ${validationFrom}`} (seconds since 1970)`,
  perUserTime: ({ test, validation }: Shares): string =>
    `per-user time: newest ${test} test${validation > 0 ? `, ${validation} before it validation` : ''}; equal times by row`,
  byUser: (shares: SeededShares): string => `by user: ${seededRule(shares)}`,
  random: (shares: SeededShares): string => `random: ${seededRule(shares)}`,
} as const;

/** Shares of a split for the test and for validation. */
export interface Shares {
  readonly test: number;
  readonly validation: number;
}

/** Shares whose rows are chosen by a seed. */
export interface SeededShares extends Shares {
  readonly seed: number;
}

const seededRule = ({ test, validation, seed }: SeededShares): string =>
  `${test} test${validation > 0 ? `, ${validation} validation` : ''}; seed ${seed}`;

/**
 * Chooses the users, or the rows, that seeded splits hold out. Takes 4 bytes for each of all while it chooses.
 *
 * @param what - name of the stream of random numbers: another one chooses otherwise
 * @param count - how many there are in all
 * @returns the part of each: 0 training, 1 validation, 2 test
 */
export function heldOut(
  what: 'split-by-user' | 'split-random',
  count: number,
  { test, validation, seed }: SeededShares,
): Uint8Array {
  const order = new Int32Array(count);
  for (let k = 0; k < count; k++) order[k] = k;
  new RandomStream(seed).fork(what).shuffle(order);
  const tested = Math.round(count * test);
  const held = Math.min(count, tested + Math.round(count * validation));
  const part = new Uint8Array(count);
  for (let k = 0; k < held; k++) part[order[k]!] = k < tested ? TEST : VALIDATION;
  return part;
}

/** Options of {@link leaveOneOut}. */
export const LEAVE_ONE_OUT = defineOptions(
  'leaveOneOut',
  {
    validation: option.boolean()({ default: true, doc: 'also holds out the second-last interaction' }),
    leaks: LEAKS,
  },
  [],
);

/** Options of {@link leaveOneOut}; {@link LEAVE_ONE_OUT} says what each does. */
export type LeaveOneOutOptions = OptionsOf<typeof LEAVE_ONE_OUT.declarations>;

/**
 * Holds out each user's last interaction for the test and the second-last for validation; the rest is training.
 *
 * Ties: interactions of a user at the same time keep the order of the log's rows; the last row is the last
 * interaction. Users with fewer interactions than parts keep all of them in training. Other users' later
 * interactions are trained on: that is the protocol, and a warning says how many.
 */
export function leaveOneOut(log: InteractionLog, options: LeaveOneOutOptions = {}): Split {
  const { validation: withValidation, leaks } = LEAVE_ONE_OUT.settings(options);
  const least = withValidation ? 3 : 2;
  const { offsets, row } = log.byUser();
  const part = new Uint8Array(log.length);
  for (let user = 0; user < log.users.size; user++) {
    const end = offsets[user + 1]!;
    if (end - offsets[user]! < least) continue;
    part[row[end - 1]!] = TEST;
    if (withValidation) part[row[end - 2]!] = VALIDATION;
  }
  return build(log, part, 'leave-one-out', SPLIT_RULES.leaveOneOut(withValidation), withValidation, leaks);
}

/** Options of {@link splitByTime}. */
export const SPLIT_BY_TIME = defineOptions(
  'splitByTime',
  {
    test: share(0.1, 'share of the interactions, the newest ones, for the test'),
    validation: share(0.1, 'share of the interactions just before them for validation; 0 for none'),
    leaks: LEAKS,
  },
  [],
);

/** Options of {@link splitPerUserTime}. */
export const SPLIT_PER_USER_TIME = defineOptions(
  'splitPerUserTime',
  {
    test: share(0.2, "share of each user's interactions, the newest ones, for the test"),
    validation: share(0.1, 'share of those just before them for validation; 0 for none'),
    leaks: LEAKS,
  },
  [],
);

/** Options of {@link splitByTime} and {@link splitPerUserTime}; {@link SPLIT_BY_TIME} says what each does. */
export type SplitByTimeOptions = OptionsOf<typeof SPLIT_BY_TIME.declarations>;

/**
 * Cuts the log at one or two moments for everybody: nothing in training is later than anything in the test.
 *
 * Ties: all interactions at the moment of a cut go to the later part, which makes it a little larger than asked.
 *
 * @throws InvalidInputError if times are only positions
 */
export function splitByTime(log: InteractionLog, options: SplitByTimeOptions = {}): Split {
  const { test, validation, leaks } = checkShares(SPLIT_BY_TIME.settings(options));
  if (log.timeUnit !== 'seconds')
    throw new InvalidInputError({
      expected: 'a log with real times',
      received: 'one with positions within each user',
      hint: 'Use leaveOneOut or splitPerUserTime, which need only the order within a user.',
    });
  const sorted = log.timestamp.slice().sort();
  const momentAt = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  const testFrom = momentAt(1 - test);
  const validationFrom = momentAt(1 - test - validation);
  const part = new Uint8Array(log.length);
  for (let r = 0; r < log.length; r++) {
    const time = log.timestamp[r]!;
    part[r] = time >= testFrom ? TEST : validation > 0 && time >= validationFrom ? VALIDATION : TRAIN;
  }
  return build(
    log,
    part,
    'time',
    SPLIT_RULES.byTime(testFrom, validation > 0 ? validationFrom : undefined),
    validation > 0,
    leaks,
  );
}

/**
 * Cuts each user's interactions by share, the newest for the test.
 *
 * Ties: equal times in the order of the log's rows. At least one interaction of every user stays in training;
 * parts are rounded down, so users with few interactions may have none in the test.
 */
export function splitPerUserTime(log: InteractionLog, options: SplitByTimeOptions = {}): Split {
  const { test, validation, leaks } = checkShares(SPLIT_PER_USER_TIME.settings(options));
  const { offsets, row } = log.byUser();
  const part = new Uint8Array(log.length);
  for (let user = 0; user < log.users.size; user++) {
    const start = offsets[user]!;
    const end = offsets[user + 1]!;
    const tested = Math.floor((end - start) * test);
    const validated = Math.floor((end - start) * validation);
    for (let p = end - tested; p < end; p++) part[row[p]!] = TEST;
    for (let p = end - tested - validated; p < end - tested; p++) part[row[p]!] = VALIDATION;
  }
  return build(
    log,
    part,
    'per-user-time',
    SPLIT_RULES.perUserTime({ test, validation }),
    validation > 0,
    leaks,
  );
}

const SEEDED = {
  test: share(0.1, 'share for the test'),
  validation: share(0.1, 'share for validation; 0 for none'),
  seed: option.integer()({ default: 0, doc: 'seed of the random choice' }),
  leaks: LEAKS,
} as const;

/** Options of {@link splitByUser}. */
export const SPLIT_BY_USER = defineOptions('splitByUser', SEEDED, []);

/** Options of {@link splitRandom}. */
export const SPLIT_RANDOM = defineOptions('splitRandom', SEEDED, []);

/** Options of the seeded splits; {@link SPLIT_BY_USER} and {@link SPLIT_RANDOM} say what each does. */
export type SeededSplitOptions = OptionsOf<typeof SEEDED>;

/**
 * Holds out whole users: every interaction of a user is in one part. Test users are new to the system; split
 * their part once more (`splitPerUserTime`) to have histories to fold in and targets to find.
 */
export function splitByUser(log: InteractionLog, options: SeededSplitOptions = {}): Split {
  const settings = checkShares(SPLIT_BY_USER.settings(options));
  const partOfUser = heldOut('split-by-user', log.users.size, settings);
  const part = new Uint8Array(log.length);
  for (let r = 0; r < log.length; r++) part[r] = partOfUser[log.user[r]!]!;
  return build(log, part, 'user', SPLIT_RULES.byUser(settings), settings.validation > 0, settings.leaks);
}

/**
 * Puts interactions into parts at random. Training then holds interactions later than the test's, of the same
 * users too: a warning says how many.
 */
export function splitRandom(log: InteractionLog, options: SeededSplitOptions = {}): Split {
  const settings = checkShares(SPLIT_RANDOM.settings(options));
  const part = heldOut('split-random', log.length, settings);
  return build(log, part, 'random', SPLIT_RULES.random(settings), settings.validation > 0, settings.leaks);
}

/** Refuses shares that leave nothing for training. */
export function checkShares<T extends Shares>(settings: T): T {
  const { test, validation } = settings;
  if (!(test > 0 && test + validation < 1))
    throw new InvalidInputError({
      expected: 'a test share above 0 that leaves something for training',
      received: `test ${test} and validation ${validation}`,
      hint: 'Use shares such as test 0.1, validation 0.1.',
    });
  return settings;
}
