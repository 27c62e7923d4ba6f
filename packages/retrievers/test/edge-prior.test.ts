import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  InteractionLog,
  ItemEdges,
  provenanceOfLog,
  RandomStream,
  readArtifact,
  UNKNOWN,
  WORLD,
  withLog,
  writeArtifact,
} from '@palate/core';
import { retrieverConformance } from '@palate/core/testing';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, test } from 'vitest';
import { Ease, ItemKnn } from '../src/index.js';

const random = new RandomStream(4);
const log = InteractionLog.fromRows([
  ...Array.from({ length: 120 }, (_, k) => ({
    user: `u${random.integer(25)}`,
    item: `i${random.integer(11)}`,
    timestamp: k,
  })),
  { user: 'last', item: 'cold', timestamp: 999 },
]);
const catalog = new Catalog({ items: log.items, text: {} });
const dataset = createDataset({ name: 'random', log, catalog, licence: 'MIT', source: 'made up' });
const n = log.items.size;
const cold = log.items.indexOf('cold');
const edges = ItemEdges.fromPairs(
  log.items,
  { source: [0, 0, 3, 5, 7], target: [cold, 2, 4, 0, 8], weight: [3, 1, 0.5, 1, 2] },
  WORLD,
);

describe('EASE with edges as a prior', () => {
  test('solves for the weights nearest to the edges that explain the interactions', async () => {
    const [lambda, strength] = [7, 0.4];
    const ease = await Ease.fit(dataset, { lambda, edges, edgeStrength: strength });
    // A row of zeros alone would show the favourites: each row is asked for beside the first.
    const rows = await ease.scoreAll(Array.from({ length: n }, (_, item) => ({ history: [0, item] })));
    const first = rows.slice(0, n);
    const weights = rows.map((value, at) => (at < n ? value : value - (first[at % n] as number)));
    const sets = Array.from({ length: log.users.size }, (_, user) => new Set(log.history(user)));
    const gram = (a: number, b: number): number => sets.filter((set) => set.has(a) && set.has(b)).length;
    const prior = (a: number, b: number): number => {
      const [from, to] = [edges.offsets[a] as number, edges.offsets[a + 1] as number];
      const own = [...edges.weights.subarray(from, to)];
      const at = [...edges.targets.subarray(from, to)].indexOf(b);
      return at < 0 ? 0 : (strength * (own[at] as number)) / own.reduce((sum, each) => sum + each, 0);
    };
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        if (i === j) {
          expect(weights[i * n + j]).toBe(0);
          continue;
        }
        // The derivative of |X - X B|^2 + lambda |B - S|^2 is 0 off the diagonal, where B is free.
        let slope = -gram(i, j) + lambda * ((weights[i * n + j] as number) - prior(i, j));
        for (let k = 0; k < n; k++) slope += gram(i, k) * (weights[k * n + j] as number);
        expect(Math.abs(slope), `${i}, ${j}`).toBeLessThan(1e-4);
      }
  });
  test('is EASE without edges, and with edges of no strength', async () => {
    const asked = [{ history: [1, 4] }];
    const plain = await (await Ease.fit(dataset, { lambda: 7 })).scoreAll(asked);
    const still = await (await Ease.fit(dataset, { lambda: 7, edges, edgeStrength: 0 })).scoreAll(asked);
    expect(still).toEqual(plain);
  });
});

describe('ItemKNN with edges as a prior', () => {
  const rows = InteractionLog.fromRows([
    { user: 'u', item: 'a' },
    { user: 'u', item: 'b' },
    { user: 'v', item: 'a' },
    { user: 'w', item: 'c' },
  ]);
  test('counts an edge as users who have both', async () => {
    const joined = ItemEdges.fromPairs(
      rows.items,
      { source: [0, 0], target: [1, 2], weight: [1, 0.5] },
      WORLD,
    );
    const data = createDataset({
      ...dataset,
      log: rows,
      catalog: new Catalog({ items: rows.items, text: {} }),
    });
    const knn = await ItemKnn.fit(data, { edges: joined, edgeStrength: 2, shrinkage: 1 });
    const scores = await knn.scoreAll([{ history: [0] }]);
    expect(scores[1]).toBeCloseTo((1 + 2) / (Math.sqrt((2 + 2) * (1 + 2)) + 1), 6);
    expect(scores[2]).toBeCloseTo((0 + 1) / (Math.sqrt((2 + 2) * (1 + 2)) + 1), 6);
    const plain = await ItemKnn.fit(data, { shrinkage: 1 });
    expect((await plain.scoreAll([{ history: [0] }]))[1]).toBeCloseTo(1 / (Math.sqrt(2) + 1), 6);
  });
});

for (const [name, Model] of [
  ['Ease', Ease],
  ['ItemKnn', ItemKnn],
] as const)
  describe(`${name} with edges`, () => {
    for (const { name: fact, run } of retrieverConformance({
      fit: (data, options) =>
        Model.fit(data, {
          edges: ItemEdges.fromPairs(data.log.items, { source: [0, 2], target: [1, 3] }, WORLD),
          ...options,
        }),
      load: (dir) => Model.load(dir),
    }))
      test(fact, run);

    test('finds items that nobody of the history has met', async () => {
      const model = await Model.fit(dataset, { edges, edgeStrength: 1 });
      const plain = await Model.fit(dataset, {});
      const scoreOf = async (each: typeof model): Promise<number> =>
        (await each.scoreAll([{ history: [0, 1] }]))[cold] as number;
      expect(await scoreOf(model)).toBeGreaterThan((await scoreOf(plain)) + 1e-3);
    });

    test('says what its edges know, also after loading, and evaluation refuses what knows the test', async () => {
      const split = leaveOneOut(log);
      const train = withLog(dataset, split.train);
      const data = { history: split.known, train: split.train, test: split.test };
      const folder = await mkdtemp(join(tmpdir(), 'palate-edges-'));
      for (const [provenance, isHonest] of [
        [provenanceOfLog(split.train), true],
        [provenanceOfLog(log), false],
        [UNKNOWN, false],
      ] as const) {
        const given = ItemEdges.fromPairs(log.items, { source: [0], target: [1] }, provenance);
        const dir = join(folder, 'model');
        const fitted = await Model.fit(train, { edges: given });
        await fitted.save(dir);
        const loaded = await Model.load(dir);
        expect(loaded.provenance).toEqual(provenance);
        const measured = evaluateRanking(loaded, data, { metrics: ['hr@10'], resamples: 0, split: 'test' });
        if (isHonest) await measured;
        else await expect(measured).rejects.toMatchObject({ code: 'leak' });
        // The note cannot be left out of a folder.
        const { manifest, tensors, files } = await readArtifact(
          dir,
          name === 'Ease' ? 'ease' : 'item-knn',
          2,
        );
        const { edgeProvenance: _, ...config } = manifest.config as Record<string, unknown>;
        await writeArtifact(dir, { kind: manifest.kind, version: 2, config, tensors, files });
        await expect(Model.load(dir)).rejects.toMatchObject({ code: 'artifact' });
      }
      await rm(folder, { recursive: true });
    });

    test('refuses what is no set of edges', async () => {
      await expect(Model.fit(dataset, { edges: {} as never })).rejects.toThrow(/edges to be/);
      await expect(Model.fit(dataset, { edges, edgeStrength: -1 })).rejects.toThrow(/edgeStrength/);
    });
  });
