import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { engines } from './folders.js';
import { shop } from './shop.js';

const { open } = engines();
const data = shop();
const ids = [...data.log.items];
const id = fc.constantFrom(...ids);

describe('for any request', () => {
  test('a list holds min(k, allowed) different items, all of them allowed', async () => {
    await using engine = await open();
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            user: fc.constantFrom('user-0', 'user-7', 'nobody'),
            history: fc.array(id, { maxLength: 6 }),
            text: fc.constantFrom('calm tea', 'steel, no saws', 'zzz'),
            candidates: fc.array(id, { maxLength: 12 }),
            exclude: fc.array(fc.oneof(id, fc.constant('unheard-of')), { maxLength: 30 }),
            filter: fc.constantFrom(
              { kind: 'tea' },
              { kind: ['tool', 'toy'] },
              { price: { min: 15, max: 45 } },
            ),
            k: fc.integer({ min: 1, max: 40 }),
            diversity: fc.double({ min: 0, max: 1, noNaN: true }),
          },
          { requiredKeys: ['k'] },
        ),
        async (request) => {
          const { items, understood } = await engine.recommend(request);
          const history = request.history ?? (request.user === undefined ? [] : historyOf(request.user));
          const allowed = ids.filter((each) => {
            const item = data.log.items.indexOf(each);
            const [kind = ''] = [data.catalog.attributes.kind?.[item] ?? []].flat() as string[];
            const price = data.catalog.attributes.price?.[item] as number;
            const { filter = {} } = request as {
              filter?: { kind?: string | string[]; price?: { min: number; max: number } };
            };
            return (
              !history.includes(each) &&
              (request.candidates?.includes(each) ?? true) &&
              !request.exclude?.includes(each) &&
              (filter.kind === undefined || [filter.kind].flat().includes(kind)) &&
              (filter.price === undefined || (price >= filter.price.min && price <= filter.price.max)) &&
              !(
                understood?.dislikes.includes('saws') &&
                /saw/.test(data.catalog.text.description?.[item] ?? '')
              )
            );
          });
          expect(items).toHaveLength(Math.min(request.k, allowed.length));
          expect(new Set(items.map((each) => each.id)).size).toBe(items.length);
          for (const each of items) expect(allowed).toContain(each.id);
          expect(items.every(({ score }) => Number.isFinite(score))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});

function historyOf(user: string): string[] {
  const index = data.log.users.find(user);
  return index === undefined ? [] : Array.from(data.log.history(index), (item) => data.log.items.idOf(item));
}

describe('ranking', () => {
  test('orders exactly the candidates, those of the history too', async () => {
    await using engine = await open();
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(id, { minLength: 1, maxLength: 24 }), async (candidates) => {
        const { items } = await engine.rank({ user: 'user-0', candidates });
        expect(items.map((each) => each.id).sort()).toEqual([...candidates].sort());
      }),
      { numRuns: 40 },
    );
    const { items } = await engine.rank({ user: 'user-0', candidates: ['toy-1', 'tea-0', 'tool-2'], k: 1 });
    expect(items.map((each) => each.id)).toEqual(['tea-0']);
    await expect(engine.rank({ user: 'user-0' } as never)).rejects.toThrow(/candidates/);
  });
});

describe('similar items', () => {
  test('by use are chosen by the same people, by text described alike', async () => {
    await using engine = await open();
    const { log } = data;
    const usersOf = (item: number): Set<number> =>
      new Set(Array.from(log.user).filter((_, row) => log.item[row] === item));
    const own = usersOf(log.items.indexOf('tea-3'));
    const byUse = await engine.similar({ item: 'tea-3', by: 'use', k: 5 });
    // The formula of the likeness, counted here from the rows.
    const expected = ids
      .filter((each) => each !== 'tea-3')
      .map((each) => {
        const theirs = usersOf(log.items.indexOf(each));
        const both = [...theirs].filter((user) => own.has(user)).length;
        return { id: each, score: both / (Math.sqrt(own.size * theirs.size) + 5) };
      })
      .sort((a, b) => b.score - a.score);
    expect(byUse.items.map(({ score }) => score)).toEqual(expected.slice(0, 5).map(({ score }) => score));
    const byText = await engine.similar({ item: 'tea-3', by: 'text', k: 3 });
    // Its own text is "Tea number 3", "cup and oolong".
    for (const { attributes } of byText.items) expect(attributes.description).toMatch(/cup|oolong/);
    expect(byText.items[0]?.from[0]?.method).toBe('bm25');
    const filtered = await engine.similar({
      item: 'tea-3',
      filter: { kind: 'toy' },
      exclude: ['toy-1'],
      k: 50,
    });
    expect(filtered.items.every((each) => each.id.startsWith('toy') && each.id !== 'toy-1')).toBe(true);
    await expect(engine.similar({ item: 'tea-33' })).rejects.toThrow(/Did you mean "tea-3"/);
    await expect(engine.similar({ item: 'tea-3', by: 'sound' as never })).rejects.toThrow(
      /'use', 'text', 'graph'/,
    );
  });
});

describe('search', () => {
  test('finds titles first, begun and misspelt ones too, then words of texts', async () => {
    await using engine = await open();
    const first = async (words: string) => (await engine.search({ words, k: 3 })).items[0]?.id;
    expect(await first('Toy number 4')).toBe('toy-4');
    expect(await first('toool number 2')).toBe('tool-2');
    expect(await first('numb')).toMatch(/number|-/);
    const texts = await engine.search({ words: 'oolong', k: 20 });
    expect(texts.items.length).toBeGreaterThan(0);
    for (const { attributes, from } of texts.items) {
      expect(attributes.description).toContain('oolong');
      expect(from[0]?.method).toBe('search in texts');
    }
    expect(
      (await engine.search({ words: 'tea', filter: { price: { max: 6 } } })).items.map((each) => each.id),
    ).toEqual(['tea-0']);
    expect((await engine.search({ words: '' })).items).toEqual([]);
    expect((await engine.search({ words: '"; DROP <b>' })).items).toEqual([]);
  });

  test('pages through the catalogue by a prefix of title or id', async () => {
    await using engine = await open();
    expect(engine.items().total).toBe(24);
    const page = engine.items({ prefix: 'TOOL', offset: 2, limit: 3 });
    expect(page).toEqual({
      total: 8,
      items: ['tool-2', 'tool-3', 'tool-4'].map((each) => ({
        id: each,
        title: `Tool number ${each.slice(5)}`,
      })),
    });
    expect(engine.item('tool-2')).toMatchObject({
      id: 'tool-2',
      title: 'Tool number 2',
      isNew: false,
      tags: ['tool'],
    });
    expect(engine.item('nothing')).toBeUndefined();
    expect(engine.user('nobody')).toBeUndefined();
    expect(engine.user('user-0')?.history.map(({ item }) => item)).toEqual(historyOf('user-0'));
  });
});
