import assert from 'node:assert/strict';
import type { AddedItem, AddedItemStore, StoredItem } from '../data/added-items.js';
import type { ConformanceCase } from './conformance.js';

/** Parts that {@link addedItemsConformance} is given. */
export interface AddedItemsConformanceOptions {
  /** Opens an empty store. */
  readonly create: () => Promise<AddedItemStore>;
  /** Opens the same store a second time, as another server would. */
  readonly beside: (opened: AddedItemStore) => Promise<AddedItemStore>;
}

const item = (n: number): AddedItem => ({ id: `item-${n}`, text: { title: `Item number ${n}` } });

async function all(store: AddedItemStore, after?: number): Promise<StoredItem[]> {
  const read: StoredItem[] = [];
  for await (const each of store.read(after)) read.push(each);
  return read;
}

/** The contract of `AddedItemStore` as a list of cases to run. */
export function addedItemsConformance({ create, beside }: AddedItemsConformanceOptions): ConformanceCase[] {
  return [
    {
      name: 'reads back added items, every field as it was, in the order of storing and from a number on',
      run: async () => {
        const store = await create();
        assert.deepEqual(await all(store), []);
        const first: AddedItem[] = [
          {
            id: 'Æ "quoted" \u{1f3ac}\n',
            text: { title: "it's; --", description: '' },
            attributes: { price: 4.25, tags: ['a', 'b\\u0000'] },
          },
          item(1),
        ];
        await store.append(first);
        // The same item again is new texts of it.
        await store.append([{ id: 'item-1', text: { title: 'Another title' } }]);
        const read = await all(store);
        assert.deepEqual(
          read.map((each) => each.item),
          [...first, { id: 'item-1', text: { title: 'Another title' } }],
        );
        for (const [k, { sequence }] of read.entries())
          assert.ok(Number.isSafeInteger(sequence) && sequence > (read[k - 1]?.sequence ?? 0));
        assert.deepEqual(await all(store, read[1]?.sequence), read.slice(2));
      },
    },
    {
      name: 'loses no added item where two write at the same moment, and keeps each batch together',
      run: async () => {
        const first = await create();
        const second = await beside(first);
        await Promise.all(
          Array.from({ length: 20 }, (_, b) =>
            (b % 2 ? first : second).append([item(2 * b), item(2 * b + 1)]),
          ),
        );
        const ids = (await all(first)).map((each) => each.item.id);
        assert.equal(new Set(ids).size, 40);
        assert.equal(ids.length, 40);
        for (let b = 0; b < 20; b++)
          assert.equal(ids.indexOf(`item-${2 * b + 1}`), ids.indexOf(`item-${2 * b}`) + 1, `batch ${b}`);
        assert.deepEqual(await all(second), await all(first));
      },
    },
  ];
}
