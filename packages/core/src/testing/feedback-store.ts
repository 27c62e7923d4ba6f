import assert from 'node:assert/strict';
import type { FeedbackRecord, FeedbackStore, StoredFeedback } from '../data/feedback-store.js';
import type { ConformanceCase } from './conformance.js';

/** Parts that {@link feedbackStoreConformance} is given. */
export interface FeedbackStoreConformanceOptions {
  /** Opens an empty store. */
  readonly create: () => Promise<FeedbackStore>;
  /**
   * Opens a store that was closed again, over the same records. Left out by stores that keep nothing beyond the process.
   */
  readonly reopen?: ((closed: FeedbackStore) => Promise<FeedbackStore>) | undefined;
}

const record = (n: number, more: Partial<FeedbackRecord> = {}): FeedbackRecord => ({
  id: `event-${n}`,
  user: `user ${n % 3}`,
  item: `item-${n}`,
  time: 1_700_000_000.25 + n,
  kind: 'like',
  ...more,
});

async function all(store: FeedbackStore, after?: number): Promise<StoredFeedback[]> {
  const read: StoredFeedback[] = [];
  for await (const each of store.read(after)) read.push(each);
  return read;
}

const without = ({ sequence: _, ...rest }: StoredFeedback): FeedbackRecord => rest;

/** The contract of `FeedbackStore` as a list of cases to run. */
export function feedbackStoreConformance(options: FeedbackStoreConformanceOptions): ConformanceCase[] {
  const { create, reopen } = options;
  const withStore = (use: (store: FeedbackStore) => Promise<void>) => async (): Promise<void> => {
    const store = await create();
    try {
      await use(store);
    } finally {
      await store.close();
    }
  };
  const cases: ConformanceCase[] = [
    {
      name: 'reads back what was stored, every field as it was, in the order of storing',
      run: withStore(async (store) => {
        const first = [record(2), record(1, { kind: 'rating', rating: 3.5 })];
        const second = [
          record(3, {
            user: 'Ærøskøbing "quoted" \u{1f3ac}',
            item: "it's; --",
            request: 'r/1',
            kind: 'view',
          }),
          record(4, { kind: 'dislike', time: 12.5 }),
          record(5, { kind: 'purchase' }),
          record(6, { kind: 'impression' }),
        ];
        assert.deepEqual(await store.append(first), { stored: 2 });
        assert.deepEqual(await store.append(second), { stored: 4 });
        assert.deepEqual((await all(store)).map(without), [...first, ...second]);
      }),
    },
    {
      name: 'numbers records upwards, and reads on from a number',
      run: withStore(async (store) => {
        await store.append([record(1), record(2)]);
        await store.append([record(3)]);
        const read = await all(store);
        for (const [k, { sequence }] of read.entries())
          assert.ok(
            Number.isSafeInteger(sequence) && sequence > (read[k - 1]?.sequence ?? 0),
            `sequence ${sequence}`,
          );
        assert.deepEqual(await all(store, read[0]?.sequence), read.slice(1));
        assert.deepEqual(await all(store, read[2]?.sequence), []);
      }),
    },
    {
      name: 'stores a record of a known id once, and says how many were new',
      run: withStore(async (store) => {
        assert.deepEqual(await store.append([record(1), record(1, { kind: 'dislike' })]), { stored: 1 });
        assert.deepEqual(await store.append([record(2), record(1, { kind: 'dislike' })]), { stored: 1 });
        assert.deepEqual(await store.append([record(2)]), { stored: 0 });
        assert.deepEqual((await all(store)).map(without), [record(1), record(2)]);
      }),
    },
    {
      name: 'takes an empty batch, and reads nothing where nothing was stored',
      run: withStore(async (store) => {
        assert.deepEqual(await store.append([]), { stored: 0 });
        assert.deepEqual(await all(store), []);
      }),
    },
    {
      name: 'loses nothing of batches that are stored at the same time, and keeps each together',
      run: withStore(async (store) => {
        const batches = Array.from({ length: 20 }, (_, b) =>
          Array.from({ length: 5 }, (_, k) => record(5 * b + k)),
        );
        const answers = await Promise.all(batches.map((batch) => store.append(batch)));
        assert.ok(answers.every(({ stored }) => stored === 5));
        const read = (await all(store)).map(({ id }) => id);
        assert.equal(new Set(read).size, 100);
        for (const batch of batches) {
          const at = read.indexOf(batch[0]?.id ?? '');
          assert.deepEqual(
            read.slice(at, at + 5),
            batch.map(({ id }) => id),
          );
        }
      }),
    },
    {
      name: 'stores one of equal ids that come at the same time',
      run: withStore(async (store) => {
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => store.append([record(1), record(2)])),
        );
        assert.equal(
          answers.reduce((sum, { stored }) => sum + stored, 0),
          2,
        );
        assert.equal((await all(store)).length, 2);
      }),
    },
    {
      name: 'refuses calls once it is closed, and may be closed again',
      run: async () => {
        const store = await create();
        await store.append([record(1)]);
        await store.close();
        await store.close();
        await assert.rejects(() => store.append([record(2)]));
        await assert.rejects(() => all(store));
      },
    },
  ];
  if (reopen)
    cases.push({
      name: 'has what was stored after it was closed and opened again, and numbers on from there',
      run: async () => {
        const store = await create();
        const before = await (async () => {
          await store.append([record(1), record(2, { kind: 'rating', rating: 1 })]);
          return all(store);
        })();
        await store.close();
        const again = await reopen(store);
        try {
          assert.deepEqual(await all(again), before);
          assert.deepEqual(await again.append([record(2), record(3)]), { stored: 1 });
          const last = (await all(again)).at(-1);
          assert.equal(last?.id, 'event-3');
          assert.ok((last?.sequence ?? 0) > (before.at(-1)?.sequence ?? 0));
        } finally {
          await again.close();
        }
      },
    });
  return cases;
}
