import {
  defineOptions,
  type InteractionLog,
  InvalidInputError,
  type OptionsOf,
  option,
  RandomStream,
} from '@palate/core';
import type { SampleContext } from './context-columns.js';
import { knownBefore } from './known-history.js';

/** Clicks (or likes) to predict, as columns: which user met which item, with what before it, and how it went. */
export interface CtrSamples {
  readonly log: InteractionLog;
  /** For each row of the log 1 where its rating is above the threshold: how a history's items were liked. */
  readonly liked: Uint8Array;
  /** Dense. */
  readonly user: Int32Array;
  readonly item: Int32Array;
  /** 1 or 0. */
  readonly label: Uint8Array;
  /**
   * Position of the sample among the user's time-ordered interactions. Its history are those that came strictly before
   * it: neither what happened at the same time nor what the same request showed.
   */
  readonly position: Int32Array;
  /**
   * How many of the user's time-ordered interactions each sample knows, where a request says it (`requestSamples`):
   * such samples ask about candidates, not about the interaction at their position.
   */
  readonly past?: Int32Array | undefined;
  /** Context of each sample by name: the device, the hour, the position at which the item was shown. */
  readonly context?: SampleContext | undefined;
  /** Rating above which an item of a history counts as liked, where ratings say it. */
  readonly above?: number | undefined;
}

/** Options of {@link ctrSamples}. */
export const CTR_SAMPLES = defineOptions(
  'ctrSamples',
  {
    above: option.number().optional({
      doc: 'rating above which the label is 1; if left out, every interaction is a click, and items without an interaction of the user are the negatives',
    }),
    negatives: option.integer({ min: 1, max: 1000 }).optional({
      doc: 'random negatives per click if `above` is left out; 1 by default',
    }),
    seed: option.integer()({ default: 0, doc: 'seed of the random items' }),
    context: option
      .value<SampleContext>('columns by name', (value) => typeof value === 'object' && value !== null)
      .optional({ doc: 'the context of each row of the log: columns by name, one value per row' }),
    from: option
      .value<ArrayLike<number>>('one number per user', (value) => Object(value).length !== undefined)
      .optional({
        doc: 'for each user the number of interactions that must precede a sample, such as those shown to a language model; 1 if left out',
      }),
  },
  [],
);

/** Options of {@link ctrSamples}; {@link CTR_SAMPLES} says what each does. */
export type CtrSamplesOptions = OptionsOf<typeof CTR_SAMPLES.declarations>;

/**
 * One sample for each interaction with enough of the user's history before it. In a log of clicks alone each has samples
 * of random items beside it, at the same time and in the same context.
 *
 * @throws InvalidInputError if there are no ratings to compare with `above`, a context does not fit the log, or
 * `negatives` are asked for beside ratings
 */
export function ctrSamples(log: InteractionLog, options: CtrSamplesOptions = {}): CtrSamples {
  const { above, from: fromOf, negatives, seed, context } = CTR_SAMPLES.settings(options);
  const { rating } = log;
  if (above !== undefined && !rating)
    throw new InvalidInputError({
      expected: 'a log with ratings, which make the labels',
      received: 'none',
      hint: 'Load the ratings with the data, or leave `above` out: every interaction is a click then.',
    });
  if (above !== undefined && negatives !== undefined)
    throw new InvalidInputError({
      expected: 'either `above` or `negatives`',
      received: 'both',
      hint: 'Ratings give the negatives; leave `above` out to count every interaction as a click.',
    });
  for (const [name, column] of Object.entries(context ?? {}))
    if (column.length !== log.item.length)
      throw new InvalidInputError({
        expected: `a value of the context ${name} for each of ${log.item.length} rows of the log`,
        received: `${column.length} values`,
        hint: 'Give each row a value; undefined where it is not known.',
      });
  const { offsets, row } = log.byUser();
  const rows: number[] = [];
  const positions: number[] = [];
  for (let user = 0; user < log.users.size; user++) {
    const from = Math.max(1, fromOf?.[user] ?? 1);
    for (let position = from; offsets[user]! + position < offsets[user + 1]!; position++) {
      if (knownBefore(log, user, position) < from) continue;
      rows.push(row[offsets[user]! + position]!);
      positions.push(position);
    }
  }
  const liked =
    above !== undefined && rating
      ? Uint8Array.from(rating, (value) => (value > above ? 1 : 0))
      : new Uint8Array(log.item.length).fill(1);
  const shown = {
    log,
    liked,
    user: Int32Array.from(rows, (r) => log.user[r]!),
    item: Int32Array.from(rows, (r) => log.item[r]!),
    label: Uint8Array.from(rows, (r) => liked[r]!),
    position: Int32Array.from(positions),
    context:
      context &&
      Object.fromEntries(Object.entries(context).map(([name, column]) => [name, rows.map((r) => column[r])])),
    above,
  };
  return above === undefined ? withNegatives(shown, negatives ?? 1, seed) : shown;
}

/** Samples of random items that their user never met behind each click. */
function withNegatives(clicks: CtrSamples, negatives: number, seed: number): CtrSamples {
  const { log } = clicks;
  const random = new RandomStream(seed).fork('negatives');
  const met = new Set<number>();
  let owner = -1;
  const item: number[] = [];
  const from: number[] = [];
  for (const [at, user] of clicks.user.entries()) {
    if (user !== owner) {
      met.clear();
      for (const each of log.history(user)) met.add(each);
      owner = user;
    }
    item.push(clicks.item[at]!);
    from.push(at);
    if (met.size === log.items.size) continue;
    for (let k = 0; k < negatives; k++) {
      let drawn = random.integer(log.items.size);
      while (met.has(drawn)) drawn = random.integer(log.items.size);
      item.push(drawn);
      from.push(at);
    }
  }
  return {
    ...takeSamples(clicks, from),
    item: Int32Array.from(item),
    label: Uint8Array.from(item, (each, k) => (each === clicks.item[from[k]!] ? 1 : 0)),
  };
}

/** Samples at given positions. */
export function takeSamples(samples: CtrSamples, positions: ArrayLike<number>): CtrSamples {
  const list = Int32Array.from(positions);
  return {
    log: samples.log,
    liked: samples.liked,
    user: list.map((at) => samples.user[at]!),
    item: list.map((at) => samples.item[at]!),
    label: Uint8Array.from(list, (at) => samples.label[at]!),
    position: list.map((at) => samples.position[at]!),
    past: samples.past && list.map((at) => samples.past?.[at] ?? 0),
    context:
      samples.context &&
      Object.fromEntries(
        Object.entries(samples.context).map(([name, column]) => [name, Array.from(list, (at) => column[at])]),
      ),
    above: samples.above,
  };
}

/** Samples in three parts. */
export interface CtrSplit {
  readonly train: CtrSamples;
  readonly validation: CtrSamples;
  readonly test: CtrSamples;
  readonly description: string;
}

/** Splits samples by user, 8 : 1 : 1: users of the test are never seen in training. */
export function splitByUsers(samples: CtrSamples, seed = 0): CtrSplit {
  const users = [...new Set(samples.user)].sort((a, b) => a - b);
  new RandomStream(seed).fork('split by user').shuffle(users);
  const part = new Map(
    users.map((user, k) => [user, k < 0.8 * users.length ? 0 : k < 0.9 * users.length ? 1 : 2]),
  );
  return cut(samples, (at) => part.get(samples.user[at]!) ?? 0, `by user 8:1:1, seed ${seed}`);
}

/**
 * Splits samples by time, 8 : 1 : 1: everything in the test comes after everything in training.
 *
 * @throws InvalidInputError if the log knows only an order within users
 */
export function splitByTimes(samples: CtrSamples): CtrSplit {
  const { log } = samples;
  if (log.timeUnit !== 'seconds')
    throw new InvalidInputError({
      expected: 'interactions with times',
      received: 'an order within each user only',
      hint: 'Split by user instead: splitByUser of @palate/datasets.',
    });
  const { offsets, row } = log.byUser();
  const time = (at: number): number =>
    log.timestamp[row[offsets[samples.user[at]!]! + samples.position[at]!]!]!;
  const times = Float64Array.from(samples.user.keys(), time).sort();
  const [first, second] = [0.8, 0.9].map((share) => times[Math.floor(share * times.length)]!) as [
    number,
    number,
  ];
  return cut(samples, (at) => (time(at) < first ? 0 : time(at) < second ? 1 : 2), 'by time 8:1:1');
}

function cut(samples: CtrSamples, part: (at: number) => number, description: string): CtrSplit {
  const positions: number[][] = [[], [], []];
  for (let at = 0; at < samples.user.length; at++) positions[part(at)]?.push(at);
  const [train, validation, test] = positions.map((list) => takeSamples(samples, list)) as [
    CtrSamples,
    CtrSamples,
    CtrSamples,
  ];
  return { train, validation, test, description };
}
