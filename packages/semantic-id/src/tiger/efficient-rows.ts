import type { Dataset, RandomStream } from '@palate/core';
import { type Batch, batchByLength, bucketLengths } from '@palate/nn';
import type { EdgeTargets } from './edge-targets.js';
import type { IdHistory } from './id-model.js';
import type { TigerConfig } from './tiger-options.js';
import { userToken } from './user-token.js';

/** Histories as numbers, padded in front to one length. */
export interface HistoryRows {
  readonly length: number;
  /** `[rows, length]`. */
  readonly items: Int32Array;
  /** 1 where there is an item, 0 in the padding, `[rows, length]`. */
  readonly present: Float32Array;
  /** Token of each row's user; that of nobody is behind the others. */
  readonly users: Int32Array;
}

function tokenOf(user: string | undefined, userTokens: number): number {
  return user === undefined || userTokens === 0 ? userTokens : userToken(user, userTokens);
}

/** Batches of training: every position of a history with the item after it, or one that edges of texts lead to. */
export function efficientBatches(
  { log }: Dataset,
  { batchSize, maxLength, userTokens }: TigerConfig,
  random: RandomStream,
  edges?: EdgeTargets,
): (() => Batch)[] {
  const lengths = Int32Array.from({ length: log.users.size }, (_, user) =>
    Math.max(0, Math.min(maxLength, log.history(user).length - 1)),
  );
  return batchByLength(lengths, batchSize, bucketLengths(maxLength), random.fork('order')).map(
    ({ length, rows }, index) =>
      () => {
        const draws = random.fork(`edges ${index}`);
        const items = new Int32Array(batchSize * length);
        const present = new Float32Array(batchSize * length);
        const targets = new Int32Array(batchSize * length);
        const users = new Int32Array(batchSize);
        for (const [k, user] of rows.entries()) {
          const history = log.history(user);
          const taken = lengths[user]!;
          const from = history.length - 1 - taken;
          const start = (k + 1) * length - taken;
          users[k] = tokenOf(log.users.idOf(user), userTokens);
          for (let i = 0; i < taken; i++) {
            items[start + i] = history[from + i]!;
            const next = history[from + i + 1]!;
            targets[start + i] = edges ? edges.draw(next, draws) : next;
            present[start + i] = 1;
          }
        }
        const shape = [batchSize, length];
        return {
          items: { shape, values: items },
          present: { shape, values: present },
          users: { shape: [batchSize], values: users },
          targets: { shape: [batchSize * length], values: targets },
        };
      },
  );
}

/** The newest items of histories for the encoder, in `rows` rows of the shortest length that holds them. */
export function readHistories(
  histories: readonly IdHistory[],
  rows: number,
  { maxLength, userTokens }: TigerConfig,
): HistoryRows {
  const lengths = histories.map(({ items }) => Math.max(1, Math.min(maxLength, items.length)));
  const length = bucketLengths(maxLength, 2).find((each) => each >= Math.max(1, ...lengths)) as number;
  const items = new Int32Array(rows * length);
  const present = new Float32Array(rows * length);
  const users = new Int32Array(rows);
  for (const [row, { items: history, user }] of histories.entries()) {
    users[row] = tokenOf(user, userTokens);
    const taken = Math.min(history.length, length);
    for (let i = 0; i < taken; i++) {
      items[(row + 1) * length - taken + i] = history[history.length - taken + i]!;
      present[(row + 1) * length - taken + i] = 1;
    }
  }
  return { length, items, present, users };
}
