import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddingTable, IdMap, RandomStream, type TextEncoder } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine } from '../../src/index.js';
import { layOut } from '../../src/map/lay-out.js';
import { shop } from '../shop.js';

const table = (rows: readonly (readonly number[])[]): EmbeddingTable =>
  new EmbeddingTable(
    new IdMap(rows.map((_, k) => `i${k}`)),
    rows[0]?.length ?? 0,
    Float32Array.from(rows.flat()),
  );

/** Rows turned in space by a random rotation. */
function turned(rows: readonly (readonly number[])[], seed: number): number[][] {
  const random = new RandomStream(seed);
  const width = rows[0]?.length ?? 0;
  const axes: number[][] = [];
  while (axes.length < width) {
    const axis = Array.from({ length: width }, () => random.normal());
    for (const other of axes) {
      const product = axis.reduce((sum, value, k) => sum + value * (other[k] as number), 0);
      for (let k = 0; k < width; k++) axis[k] = (axis[k] as number) - product * (other[k] as number);
    }
    const norm = Math.hypot(...axis);
    axes.push(axis.map((value) => value / norm));
  }
  return rows.map((row) =>
    Array.from({ length: width }, (_, k) =>
      row.reduce((sum, value, axis) => sum + value * ((axes[axis] as number[])[k] as number), 0),
    ),
  );
}

/** Four points on a cross, whose principal axes and lengths are known. */
const CROSS = [
  [3, 0, 0],
  [-2, 0, 0],
  [-0.5, 1, 0],
  [-0.5, -1, 0],
];

describe('layOut', () => {
  test('puts the direction of most variance across, the next one upwards, on one scale', async () => {
    const { plane } = await layOut(table(CROSS));
    const expected = CROSS.flatMap(([x = 0, y = 0]) => [x / 3, y / 3]);
    // The second axis has no larger end, so either way up is right.
    const sign = Math.sign(plane[5] as number);
    for (const [k, value] of expected.entries())
      expect(plane[k]).toBeCloseTo(k % 2 === 0 ? value : value * sign, 5);
  });

  test('gives turned vectors the same plane, up to which way an even axis points', async () => {
    for (const seed of [1, 2, 3]) {
      const { plane } = await layOut(table(turned(CROSS, seed)));
      for (const [row, [x = 0, y = 0]] of CROSS.entries()) {
        expect(plane[row * 2]).toBeCloseTo(x / 3, 4);
        expect(Math.abs(plane[row * 2 + 1] as number)).toBeCloseTo(Math.abs(y) / 3, 4);
      }
    }
  });

  test('gives every item an ID of its own, those of one cluster the same first code', async () => {
    const random = new RandomStream(5);
    const rows = Array.from({ length: 90 }, (_, k) =>
      [0, 1, 2, 3].map((axis) => (k % 3 === axis ? 5 : 0) + 0.05 * random.normal()),
    );
    const { ids } = await layOut(table(rows));
    const tuples = rows.map((_, item) => ids.tuple(item));
    expect(new Set(tuples.map((tuple) => tuple.join())).size).toBe(90);
    const clusters = tuples.map(([code], item) => [code, item % 3] as const);
    for (const [code, cluster] of clusters)
      for (const [other, otherCluster] of clusters) if (code === other) expect(otherCluster).toBe(cluster);
  });

  test('is the same for the same seed', async () => {
    const random = new RandomStream(9);
    const rows = Array.from({ length: 40 }, () => Array.from({ length: 6 }, () => random.normal()));
    const [a, b] = [await layOut(table(rows), { seed: 4 }), await layOut(table(rows), { seed: 4 })];
    expect(a.plane).toEqual(b.plane);
    expect(a.ids.tuples).toEqual(b.ids.tuples);
  });

  test.each([
    ['one item', [[1, 2, 3]]],
    [
      'equal items',
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    ],
    ['vectors of one number', [[1], [2], [4]]],
  ])('lays out %s', async (_, rows) => {
    const { plane, ids } = await layOut(table(rows));
    expect(plane.every(Number.isFinite)).toBe(true);
    expect(new Set(rows.map((_, item) => ids.tuple(item).join())).size).toBe(rows.length);
  });
});

/** Rows of norm 1; empty ones stay. */
function unit(data: Float32Array, width: number): Float32Array {
  return data.map((value, k) => {
    const from = k - (k % width);
    return value / (Math.hypot(...data.subarray(from, from + width)) || 1);
  });
}

/** Counts the words that a text has of a list. */
const encoder: TextEncoder = {
  id: 'words',
  width: 6,
  encode: async (texts) => {
    const words = ['tea', 'tool', 'toy', 'leaf', 'steel', 'play'];
    const data = new Float32Array(texts.length * words.length);
    for (const [row, text] of texts.entries())
      for (const [k, word] of words.entries())
        data[row * words.length + k] = text.toLowerCase().split(word).length - 1;
    return { data: unit(data, words.length), width: words.length, truncated: 0 };
  },
};

describe('the map of an engine', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'palate-map-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test('holds every item once, with like texts near each other, and gives items their IDs', async () => {
    const dataset = shop();
    await using engine = await Engine.open({ dataset, folder: join(root, 'a'), encoder });
    expect(engine.item('tea-0')?.semanticId).toBeUndefined();
    const map = await engine.map();
    expect([...map.ids].sort()).toEqual([...dataset.log.items].sort());
    expect(map.total).toBe(map.ids.length);
    expect(map.interactions.reduce((sum, count) => sum + count, 0)).toBe(dataset.log.length);
    const at = (id: string): [number, number] => {
      const k = map.ids.indexOf(id);
      return [map.x[k] as number, map.y[k] as number];
    };
    const distance = (a: string, b: string): number => Math.hypot(at(a)[0] - at(b)[0], at(a)[1] - at(b)[1]);
    expect(distance('tea-1', 'tea-2')).toBeLessThan(distance('tea-1', 'tool-2'));
    expect(distance('toy-1', 'toy-2')).toBeLessThan(distance('toy-1', 'tea-2'));
    expect(engine.item('tea-0')?.semanticId).toEqual(map.codes[map.ids.indexOf('tea-0')]);
    expect(JSON.parse(JSON.stringify(map))).toEqual(map);
  });

  test('is kept with the models, and read after a restart without an encoder', async () => {
    const folder = join(root, 'kept');
    const first = await Engine.open({ dataset: shop(), folder, encoder });
    const map = await first.map();
    await first.close();
    const silent: TextEncoder = {
      ...encoder,
      encode: () => Promise.reject(new Error('nobody should encode again')),
    };
    await using second = await Engine.open({ dataset: shop(), folder, encoder: silent });
    expect(await second.map()).toEqual(map);
    expect(second.item('tea-0')?.semanticId).toEqual(map.codes[map.ids.indexOf('tea-0')]);
    // A refit changes no text: one layout is kept, and read by the next.
    await second.feedback([{ user: 'new', item: 'tea-0', kind: 'like' }]);
    await second.refit();
    expect((await second.map()).x).toEqual(map.x);
    expect((await readdir(folder)).filter((name) => name.startsWith('layout-'))).toHaveLength(1);
  });

  test('takes in items that are added', async () => {
    await using engine = await Engine.open({ dataset: shop(), folder: join(root, 'b'), encoder });
    const before = await engine.map();
    await engine.addItems([
      { id: 'tea-new', text: { title: 'Tea of the year', description: 'leaf and cup' } },
    ]);
    const after = await engine.map();
    expect(after.ids).toEqual([...before.ids, 'tea-new']);
    expect(after.version).not.toBe(before.version);
  });

  test('of added items is read where another engine on the folder has made it, and takes the place of the one before', async () => {
    const folder = join(root, 'beside');
    await using answering = await Engine.open({ dataset: shop(), folder, encoder });
    await answering.map();
    await answering.addItems([{ id: 'tea-new', text: { title: 'Tea of the year' } }]);
    expect(await answering.hasMap()).toBe(false);
    {
      await using beside = await Engine.open({ dataset: shop(), folder, encoder });
      await beside.map();
    }
    expect(await answering.hasMap()).toBe(true);
    expect((await answering.map()).ids).toContain('tea-new');
    expect((await readdir(folder)).filter((name) => name.startsWith('layout-'))).toHaveLength(1);
  });

  test('is empty where no item has a text', async () => {
    await using engine = await Engine.open({ dataset: shop({ hasTexts: false }), folder: join(root, 'c') });
    const map = await engine.map();
    expect(map.ids).toEqual([]);
    expect(map.total).toBe(24);
  });
});
