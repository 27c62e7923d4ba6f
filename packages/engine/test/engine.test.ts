import { readdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Engine, METHODS } from '../src/index.js';
import { engines, LIGHT } from './folders.js';
import { shop } from './shop.js';
import { WordEncoder } from './test-encoder.js';

const { open, folder } = engines();
const kindsOf = (items: readonly { readonly id: string }[]): string[] =>
  items.map(({ id }) => id.split('-')[0] as string);

describe('recommendations', () => {
  test('go to a user, a history and a wish by what speaks for each', async () => {
    await using engine = await open();
    const user = await engine.recommend({ user: 'user-0', k: 3, explain: true });
    expect(kindsOf(user.items)).toEqual(['tea', 'tea', 'tea']);
    expect(user.items[0]?.from[0]).toEqual({ method: 'ease', rank: 1 });
    for (const { reason, reasonSource } of user.items) {
      expect(reason?.length).toBeGreaterThan(10);
      expect(reasonSource).toBe('history');
    }
    const history = await engine.recommend({
      history: ['tool-1', { item: 'tool-2', rating: 5, time: 9 }],
      k: 3,
    });
    expect(kindsOf(history.items)).toEqual(['tool', 'tool', 'tool']);
    expect(history.items.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    const wish = await engine.recommend({ text: 'a wooden puzzle for my child', k: 3 });
    expect(kindsOf(wish.items)).toEqual(['toy', 'toy', 'toy']);
    expect(wish.items[0]?.from).toEqual([{ method: 'bm25', rank: 1 }]);
    const both = await engine.recommend({ user: 'user-0', text: 'puzzle', k: 6 });
    expect(new Set(kindsOf(both.items))).toEqual(new Set(['tea', 'toy']));
    expect(both.sources.candidates).toBe('EASE on the history; BM25 on the words; ranks fused');
  });

  test('understand what a wish rules out and bounds', async () => {
    await using engine = await open();
    const answer = await engine.recommend({ text: 'something of steel, no drills, under 30 dollars', k: 20 });
    expect(answer.understood).toMatchObject({ likes: 'something of steel', dislikes: ['drills'] });
    expect(answer.understood?.limits).toMatch(/price/);
    const { catalog, log } = shop();
    for (const { id } of answer.items) {
      const item = log.items.indexOf(id);
      expect(catalog.attributes.price?.[item]).toBeLessThanOrEqual(30);
      expect(catalog.text.description?.[item]).not.toMatch(/drill/);
    }
    expect(answer.items[0]?.id).toMatch(/^tool/);
    expect(answer.sources.profile).toContain('ruled out: drills');
  });

  test('are the general favourites for newcomers, and say so', async () => {
    await using engine = await open();
    const counts = shop().log.itemCounts();
    const most = Math.max(...counts);
    for (const request of [{}, { user: 'nobody' }, { history: [] }, { text: '   ' }]) {
      const { items, sources, outcomes } = await engine.recommend({ ...request, k: 4, explain: true });
      expect(items[0]?.score).toBe(most);
      expect(items[0]?.from).toEqual([{ method: 'favourites', rank: 1 }]);
      expect(items[0]?.reason).toBe('One of the general favourites.');
      expect(sources.candidates).toBe('general favourites');
      expect(outcomes[0]).toMatchObject({ source: 'engine', fellBack: 1 });
    }
    const { sources, outcomes } = await engine.recommend({ user: 'nobody' });
    expect(sources.profile).toContain('unknown');
    expect(outcomes[0]?.causes['user that is not known']).toBe(1);
  });

  test('by one method of the registry instead of the pipeline', async () => {
    await using engine = await open();
    const answer = await engine.recommend({ user: 'user-1', system: 'item-knn', k: 3 });
    expect(answer.items[0]?.from[0]?.method).toBe('item-knn');
    await expect(engine.recommend({ system: 'eaze' })).rejects.toThrow(/Did you mean ease/);
  });

  test('spread over unlike items as far as diversity says', async () => {
    await using engine = await open({ dataset: shop({ itemsPerKind: 16 }) });
    const plain = await engine.recommend({ user: 'user-0', k: 6 });
    expect(new Set(kindsOf(plain.items))).toEqual(new Set(['tea']));
    const same = await engine.recommend({ user: 'user-0', k: 6, diversity: 0 });
    expect(same.items).toEqual(plain.items);
    const spread = await engine.recommend({ user: 'user-0', k: 6, diversity: 0.7 });
    expect(spread.items[0]).toEqual(plain.items[0]);
    expect(new Set(kindsOf(spread.items)).size).toBe(3);
    await using byColumn = await open({ pipeline: { ...LIGHT, diversity: { lambda: 0.3, by: 'kind' } } });
    expect(new Set(kindsOf((await byColumn.recommend({ user: 'user-0', k: 3 })).items)).size).toBe(3);
  });

  test('in a batch are those of single requests', async () => {
    await using engine = await open();
    const requests = [
      { user: 'user-3', k: 4 },
      { text: 'calm tea', k: 7, explain: true },
      { history: ['toy-1'], system: 'item-knn' },
      {},
      { user: 'user-4', exclude: ['tool-1'], filter: { kind: 'tool' } },
    ];
    const batch = await engine.recommendBatch(requests);
    for (const [r, request] of requests.entries()) {
      const single = await engine.recommend(request);
      expect(batch[r]?.items).toEqual(single.items);
      expect(batch[r]?.sources).toEqual(single.sources);
    }
    await expect(engine.recommendBatch([{}, { k: 0 }])).rejects.toThrow(/k of requests\[1\]/);
    expect(await engine.recommendBatch([])).toEqual([]);
  });

  test('survive JSON in both directions', async () => {
    await using engine = await open();
    const request = { user: 'user-2', k: 3, explain: true, text: 'a saw', filter: { price: { max: 50 } } };
    const answer = await engine.recommend(JSON.parse(JSON.stringify(request)));
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
    expect(JSON.parse(JSON.stringify(engine.status()))).toEqual(engine.status());
  });
});

describe('bad requests', () => {
  test.each([
    [{ history: ['tea-99'] }, /history\[0\].*"tea-99".*Did you mean "tea-/],
    [{ candidates: ['Tea number 3'] }, /That is a title; its id is "tea-3"/],
    [{ history: [{ item: 'tea-1', ratings: 3 }] }, /Did you mean rating/],
    [{ usr: 'user-1' }, /Did you mean user/],
    [{ k: 1001 }, /k of the recommend request.*1 to 1000/],
    [{ k: 2.5 }, /whole number/],
    [{ user: 7 }, /user of the recommend request to be a text/],
    [{ diversity: 2 }, /diversity/],
    [{ filter: { knd: 'tea' } }, /Did you mean kind/],
    [{ filter: { kind: { min: 'a' } } }, /a value, a list of values, or { min, max }/],
    [{ filter: { price: {} } }, /a value, a list of values, or { min, max }/],
    [{ candidates: 'tea-1' }, /candidates of the recommend request to be a list/],
    [{ text: 'x'.repeat(5000) }, /at most 4000 characters/],
    [null, /to be an object/],
  ])('are refused: %j', async (request, message) => {
    await using engine = await open();
    await expect(engine.recommend(request as never)).rejects.toThrow(message);
    expect((await engine.recommend({ user: 'user-0', k: 1 })).items).toHaveLength(1);
  });

  test.each([
    [{ pipeline: { retrievers: [] } }, /at least one retriever/],
    [{ pipeline: { retrievers: [{ method: 'palr-local' }] } }, /Move it to rankers/],
    [{ pipeline: { retrievers: [{ method: 'ease', settings: { lamda: 3 } }] } }, /Did you mean lambda/],
    [
      { pipeline: { retrievers: [{ method: 'ease', settings: { lambda: -3 } }] } },
      /lambda to be a finite number/,
    ],
    [{ pipeline: { ...LIGHT, rankers: [{ live: true as const }] } }, /a language model for the live ranker/],
    [{ pipeline: { ...LIGHT, diversity: { lambda: 0.5, by: 'colour' } } }, /catalogue columns among/],
    [{ texts: ['descripton'] }, /Did you mean description/],
    [{ fodler: 'x' }, /Did you mean folder/],
  ])('options that cannot be used are refused: %j', async (options, message) => {
    await expect(open(options as never)).rejects.toThrow(message);
  });

  test('a folder that cannot be made is told before any work is done', async () => {
    const file = folder('a-file');
    await writeFile(file, 'of somebody else');
    await expect(open({ folder: file })).rejects.toThrow(/a folder for models that can be made/);
  });
});

describe('what is fitted', () => {
  test('is only what a request needs', async () => {
    const encoder = new WordEncoder();
    await using engine = await open({
      encoder,
      pipeline: { retrievers: [{ method: 'ease' }, { method: 'text-knn' }, { method: 'bm25' }] },
    });
    const ready = (): string[] =>
      engine
        .status()
        .methods.filter(({ state }) => state === 'ready')
        .map(({ key }) => key);
    expect(ready()).toEqual([]);
    await engine.recommend({});
    expect(ready()).toEqual([]);
    await engine.recommend({ user: 'user-1' });
    expect(ready()).toEqual(['ease']);
    expect(encoder.encoded).toBe(0);
    await engine.recommend({ text: 'a calm cup' });
    expect(ready()).toEqual(['ease', 'bm25', 'text-knn']);
    expect(encoder.encoded).toBe(shop().log.items.size + 1);
    await using other = await open({ encoder, pipeline: engine.status().pipeline });
    await other.recommend({ text: 'a calm cup' });
    expect(
      other
        .status()
        .methods.filter(({ state }) => state === 'ready')
        .map(({ key }) => key),
    ).toEqual(['bm25', 'text-knn']);
  });

  test('is fitted once for all who ask at the same time, and read by the next engine', async () => {
    const dir = folder('kept');
    const first = await open({ folder: dir });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, k) => first.recommend({ user: `user-${k}`, k: 2 })),
    );
    await first.close();
    await expect(first.close()).resolves.toBeUndefined();
    await expect(first.recommend({})).rejects.toThrow(/closed|cancellation/);
    const kept = await readdir(dir);
    await using second = await open({ folder: dir });
    for (const [k, { items, version }] of answers.entries()) {
      const again = await second.recommend({ user: `user-${k}`, k: 2 });
      expect(again.items).toEqual(items);
      expect(again.version).toBe(version);
    }
    expect(second.status().methods.find(({ key }) => key === 'ease')).toMatchObject({
      state: 'ready',
      reused: true,
    });
    expect(await readdir(dir)).toEqual(kept);
  });

  test('with other settings, texts or data is another model', async () => {
    const dir = folder('shared');
    const settings = (lambda: number) => ({
      retrievers: [{ method: 'ease', settings: { lambda } }, { method: 'bm25' }],
    });
    for (const options of [
      { pipeline: settings(5) },
      { pipeline: settings(50) },
      { pipeline: settings(5), texts: ['description'] },
      { pipeline: settings(5), dataset: shop({ seed: 9 }) },
    ]) {
      await using engine = await open({ folder: dir, ...options });
      await engine.recommend({ user: 'user-0', text: 'calm' });
    }
    const names = await readdir(dir);
    expect(names.filter((name) => name.startsWith('ease-'))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith('bm25-'))).toHaveLength(3);
  });

  test('is prepared when asked to, and a call that is cancelled leaves the engine as it was', async () => {
    await using engine = await open();
    await expect(engine.prepare({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    await engine.prepare();
    expect(
      engine
        .status()
        .methods.filter(({ isInPipeline }) => isInPipeline)
        .every(({ state }) => state === 'ready'),
    ).toBe(true);
    await expect(engine.recommend({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect((await engine.recommend({ user: 'user-0', k: 2 })).items).toHaveLength(2);
  });

  test('is chosen from the data where no pipeline is named', async () => {
    await using engine = await Engine.open({
      dataset: shop(),
      folder: folder('default'),
      encoder: new WordEncoder(),
    });
    expect(engine.status().pipeline.retrievers.map(({ method }) => method)).toEqual([
      'ease',
      'text-knn',
      'bm25',
    ]);
    await using bare = await Engine.open({ dataset: shop({ hasTexts: false }), folder: folder('bare') });
    expect(bare.status().pipeline.retrievers.map(({ method }) => method)).toEqual(['ease']);
    const { items } = await bare.recommend({ user: 'user-0', k: 2, explain: true });
    expect(kindsOf(items)).toEqual(['tea', 'tea']);
    expect(items[0]?.title).toBe(items[0]?.id);
    expect(items[0]?.reason).toMatch(/^People who chose tea-\d also chose it\.$/);
    expect(items[0]?.reasonSource).toBe('neighbours');
    await expect(bare.similar({ item: 'tea-1', by: 'text' })).rejects.toThrow(/items with texts/);
  });
});

test('the status names every method of the registry', async () => {
  await using engine = await open();
  const { methods, data } = engine.status();
  expect(methods.map(({ key }) => key)).toEqual(METHODS.map(({ key }) => key));
  expect(data).toMatchObject({
    name: 'Shop',
    users: 36,
    items: 24,
    interactions: 180,
    newItems: 0,
    hasRatings: true,
  });
});
