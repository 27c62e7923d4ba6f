import { defineOptions, type InteractionLog, type OptionsOf, option, RandomStream } from '@palate/core';
import type { CtrSamples } from '../features/ctr-samples.js';

/** Lists to be put in order, of one length: row-major `lists` x `length`. */
export interface RerankLists {
  /** Log that users, positions and items refer to. */
  readonly log: InteractionLog;
  /** For each row of the log 1 where it counts as liked, for histories. */
  readonly liked: Uint8Array;
  readonly length: number;
  /** User of each list, dense. */
  readonly user: Int32Array;
  /** Position of each list in the user's history: what is before it is known. */
  readonly position: Int32Array;
  /** How many of the user's time-ordered interactions each list knows, where a request says it (`requestLists`). */
  readonly past?: Int32Array | undefined;
  readonly item: Int32Array;
  /** 1 for what the user liked. */
  readonly label: Uint8Array;
  /** Rating above which an item of a history counts as liked, where ratings say it. */
  readonly above?: number | undefined;
}

/** Options of {@link rerankLists}. */
export const RERANK_LISTS = defineOptions(
  'rerankLists',
  {
    length: option.integer({ min: 2 })({ default: 10, doc: 'items of a list' }),
    seed: option.integer()({ default: 0, doc: 'seed of the random items and of the order' }),
  },
  [],
);

/** Options of {@link rerankLists}; {@link RERANK_LISTS} says what each does. */
export type RerankListOptions = OptionsOf<typeof RERANK_LISTS.declarations>;

/**
 * Lists from samples: a user's samples in order, cut into pieces, filled up with random items that the user never met,
 * in random order. Lists without a liked item say nothing and are left out.
 */
export function rerankLists(samples: CtrSamples, options: RerankListOptions = {}): RerankLists {
  const { length, seed } = RERANK_LISTS.settings(options);
  const { log } = samples;
  const random = new RandomStream(seed).fork('lists');
  const byUser = new Map<number, number[]>();
  for (let at = 0; at < samples.user.length; at++) {
    const own = byUser.get(samples.user[at]!);
    if (own) own.push(at);
    else byUser.set(samples.user[at]!, [at]);
  }
  // Half of a list at most is real, so that there is something to be told apart in each.
  const real = Math.max(1, Math.floor(length / 2));
  const lists: { user: number; position: number; entries: { item: number; label: number }[] }[] = [];
  for (const [user, positions] of byUser) {
    positions.sort((a, b) => samples.position[a]! - samples.position[b]!);
    const met = new Set(log.history(user));
    const own = random.fork(log.users.idOf(user));
    for (let from = 0; from < positions.length; from += real) {
      const piece = positions.slice(from, from + real);
      const entries = piece.map((at) => ({ item: samples.item[at]!, label: samples.label[at]! }));
      if (entries.every(({ label }) => label === 0)) continue;
      const within = new Set(met);
      while (entries.length < length && within.size < log.items.size) {
        const item = own.integer(log.items.size);
        if (within.has(item)) continue;
        within.add(item);
        entries.push({ item, label: 0 });
      }
      if (entries.length < length) continue;
      lists.push({ user, position: samples.position[piece[0] as number]!, entries: own.shuffle(entries) });
    }
  }
  return {
    log,
    liked: samples.liked,
    above: samples.above,
    length,
    user: Int32Array.from(lists, ({ user }) => user),
    position: Int32Array.from(lists, ({ position }) => position),
    item: Int32Array.from(lists.flatMap(({ entries }) => entries.map(({ item }) => item))),
    label: Uint8Array.from(lists.flatMap(({ entries }) => entries.map(({ label }) => label))),
  };
}
