import assert from 'node:assert/strict';
import { madeFrom } from '../data/provenance.js';
import type {
  KnowledgeEntry,
  KnowledgeFilter,
  KnowledgeKey,
  KnowledgeStore,
} from '../language/knowledge-store.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';

/** Parts that {@link knowledgeStoreConformance} is given. */
export interface KnowledgeStoreConformanceOptions {
  /** Opens an empty store. */
  readonly create: () => Promise<KnowledgeStore>;
  /** Opens a store that was closed again, over the same entries. */
  readonly reopen: (closed: KnowledgeStore) => Promise<KnowledgeStore>;
}

/** A text about an item, for tests of stores. */
export const knowledgeEntry = (entity: string, more: Partial<KnowledgeEntry> = {}): KnowledgeEntry => ({
  entityType: 'item',
  entity,
  kind: 'infer',
  promptVersion: '1',
  model: 'm',
  text: `text of ${entity}`,
  createdAt: 1,
  ...more,
});

async function listed(store: KnowledgeStore, filter: KnowledgeFilter = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const { entity, kind, model } of store.list(filter)) found.push(`${kind}/${model}/${entity}`);
  return found;
}

/** The contract of `KnowledgeStore` as a list of cases to run. */
export function knowledgeStoreConformance(options: KnowledgeStoreConformanceOptions): ConformanceCase[] {
  const { create, reopen } = options;
  const withStore = (use: (store: KnowledgeStore) => Promise<void>) => async (): Promise<void> => {
    const store = await create();
    try {
      await use(store);
    } finally {
      await store.close();
    }
  };
  return [
    {
      name: 'keeps entries apart by every part of their key, replaces equal keys, and lists by any part',
      run: withStore(async (store) => {
        await store.put([
          knowledgeEntry('a'),
          knowledgeEntry('a', { kind: 'tag' }),
          knowledgeEntry('a', { model: 'other' }),
          knowledgeEntry('a', { entityType: 'user' }),
          knowledgeEntry('b', { promptVersion: '2' }),
        ]);
        const newer = knowledgeEntry('a', { text: 'newer', facts: { confidence: 'high' }, knowsUntil: 7 });
        await store.put([newer]);
        assert.deepEqual(await store.get(knowledgeEntry('a')), newer);
        assert.equal(await store.get(knowledgeEntry('c')), undefined);
        assert.equal((await listed(store)).length, 5);
        assert.equal((await listed(store, { entityType: 'item' })).length, 4);
        assert.deepEqual(await listed(store, { kind: 'tag' }), ['tag/m/a']);
        assert.deepEqual(await listed(store, { entity: 'b' }), ['infer/m/b']);
        assert.deepEqual(await listed(store, { entityType: 'item', kind: 'infer', model: 'other' }), [
          'infer/other/a',
        ]);
      }),
    },
    {
      name: 'gives and lists the newest of the versions that other prompts made, or the one whose hash is asked for',
      run: withStore(async (store) => {
        await store.put([
          knowledgeEntry('a', { promptHash: 'f', text: 'newest', createdAt: 9 }),
          knowledgeEntry('a', { promptHash: '0', text: 'older', createdAt: 5 }),
          knowledgeEntry('a', { text: 'imported', createdAt: 7 }),
          knowledgeEntry('b', { promptHash: '1', createdAt: 1 }),
        ]);
        assert.equal((await store.get(knowledgeEntry('a')))?.text, 'newest');
        assert.equal((await store.get(knowledgeEntry('a', { promptHash: '0' })))?.text, 'older');
        assert.equal(await store.get(knowledgeEntry('a', { promptHash: '2' })), undefined);
        assert.deepEqual(await listed(store), ['infer/m/a', 'infer/m/b']);
        assert.deepEqual(await listed(store, { promptHash: '0' }), ['infer/m/a']);
        assert.equal((await listed(store, { allVersions: true })).length, 4);
      }),
    },
    {
      name: 'gives back every character and every field, in the order of keys, however many there are',
      run: withStore(async (store) => {
        const odd = knowledgeEntry('Ærø "\\\0" \ud83c \u{1f3ac}', {
          text: 'two\nlines, \\u0000 and \0',
          provenance: madeFrom({ users: { b: { n: 3, until: 4.5 } } }),
          facts: { tags: ['x'], deep: { y: null } },
        });
        await store.put([odd]);
        assert.deepEqual(await store.get(odd), odd);
        const many = Array.from({ length: 2500 }, (_, k) =>
          knowledgeEntry(`n${String(k).padStart(5, '0')}`, { kind: 'many' }),
        );
        await store.put([...many].reverse());
        assert.deepEqual(
          await listed(store, { kind: 'many' }),
          many.map(({ entity }) => `many/m/${entity}`),
        );
      }),
    },
    {
      name: 'is there again after it was closed',
      run: async () => {
        const first = await create();
        await first.put([knowledgeEntry('a')]);
        await first.close();
        const second = await reopen(first);
        assert.deepEqual(await second.get(knowledgeEntry('a')), knowledgeEntry('a'));
        await second.close();
      },
    },
    {
      name: 'refuses a batch with one bad key or value as a whole',
      run: withStore(async (store) => {
        await refuses(() => store.put([knowledgeEntry('a'), knowledgeEntry('')]), 'invalid-input');
        await refuses(
          () => store.put([knowledgeEntry('a'), knowledgeEntry('x'.repeat(3000))]),
          'invalid-input',
        );
        await refuses(
          () => store.put([knowledgeEntry('a'), knowledgeEntry('b', { facts: { n: Number.NaN } })]),
          'invalid-input',
        );
        assert.deepEqual(await listed(store), []);
      }),
    },
    {
      name: 'holds a claim against other jobs until it is given back or the entry is stored',
      run: withStore(async (store) => {
        if (!store.claim || !store.release) return;
        const key: KnowledgeKey = {
          entityType: 'item',
          entity: 'a',
          kind: 'k',
          promptVersion: '1',
          model: 'm',
        };
        assert.equal(await store.claim(key, 'one'), 'granted');
        assert.equal(await store.claim(key, 'two'), 'taken');
        assert.equal(await store.claim({ ...key, entity: 'b' }, 'two'), 'granted');
        await store.release(key, 'two');
        assert.equal(await store.claim(key, 'two'), 'taken');
        await store.release(key, 'one');
        assert.equal(await store.claim(key, 'two'), 'granted');
        await store.put([{ ...key, text: 'made', createdAt: 1 }]);
        assert.equal(await store.claim(key, 'one'), 'stored');
        // Claims are no entries.
        assert.deepEqual(await listed(store), ['k/m/a']);
      }),
    },
  ];
}
