import * as tf from '@tensorflow/tfjs-core';
import type { PaddedHistories } from './fold-in.js';
import type { TableRows } from './scoring-function.js';
import type { TripleNetwork } from './triple-network.js';

/** Sizes to which batches of users are padded, so that few graphs serve all. */
export const BATCH_SIZES = [1, 32, 256] as const;

/** A query that is answered from its history. */
export interface AskedHistory {
  /** Position among the queries. */
  readonly row: number;
  /** Dense user, where training has met who asks. */
  readonly user?: number | undefined;
  /** Different items, at least one. */
  readonly history: readonly number[];
}

/** Scores of all items for trained users, row-major; the batch is padded so that few graphs serve all. */
export function scoresOfUsers(network: TripleNetwork, items: number, users: Int32Array): Float32Array {
  const size = BATCH_SIZES.find((each) => each >= users.length) ?? users.length;
  const entities = new Int32Array(size).fill(items);
  for (let k = 0; k < users.length; k++) entities[k] = items + users[k]!;
  const product = tf.tidy(() => network.scoreItems(network.rowsOfEntities(tf.tensor1d(entities, 'int32'))));
  const block = product.dataSync<'float32'>();
  product.dispose();
  return block.slice(0, users.length * items);
}

/** The mean of the trained users in each entity table, `[1, 1, columns]`. */
export function meanUser(network: TripleNetwork, items: number, users: number): TableRows {
  return tf.tidy(() => {
    const rows = network.rowsOfEntities(tf.range(items, items + users, 1, 'int32'));
    return Object.fromEntries(Object.entries(rows).map(([name, each]) => [name, tf.mean(each, 0, true)]));
  });
}

/** Histories in batches of powers of two for length and of few sizes, with the rows that they answer. */
export function paddedByLength(
  asked: readonly AskedHistory[],
): { readonly asked: readonly AskedHistory[]; readonly histories: PaddedHistories }[] {
  const groups = new Map<number, AskedHistory[]>();
  for (const each of asked) {
    const length = 2 ** Math.ceil(Math.log2(Math.max(8, each.history.length)));
    groups.set(length, [...(groups.get(length) ?? []), each]);
  }
  const batches: { asked: AskedHistory[]; histories: PaddedHistories }[] = [];
  for (const [length, group] of groups)
    for (let from = 0; from < group.length; from += BATCH_SIZES[2]) {
      const chunk = group.slice(from, from + BATCH_SIZES[2]);
      const size = BATCH_SIZES.find((each) => each >= chunk.length) ?? chunk.length;
      const items = new Int32Array(size * length);
      const lengths = new Int32Array(size).fill(1);
      for (const [k, { history }] of chunk.entries()) {
        items.set(history, k * length);
        lengths[k] = history.length;
      }
      batches.push({ asked: chunk, histories: { items, rows: size, length, lengths } });
    }
  return batches;
}

/** Rows of trained users in each entity table, padded with the last of them: `[rows, 1, columns]`. */
export function rowsOfUsers(
  network: TripleNetwork,
  items: number,
  users: readonly number[],
  rows: number,
): TableRows {
  const entities = new Int32Array(rows).fill(items + (users.at(-1) ?? 0));
  for (const [k, user] of users.entries()) entities[k] = items + user;
  return tf.tidy(() => network.rowsOfEntities(tf.tensor1d(entities, 'int32')));
}
