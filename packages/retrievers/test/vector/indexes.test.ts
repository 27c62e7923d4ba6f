import { MissingDependencyError } from '@palate/core';
import { vectorIndexConformance } from '@palate/core/testing';
import { describe, expect, test } from 'vitest';
import { approximateIndex, ExactIndex, HnswIndex, plainCompute } from '../../src/index.js';

describe.each([
  ['native', undefined],
  ['plain', plainCompute],
  ['plain, a query a call', { ...plainCompute, callSize: 1 }],
])('ExactIndex, %s', (_, compute) => {
  const cases = vectorIndexConformance({
    create: async (width) => new ExactIndex(width, { compute }),
    load: (dir) => ExactIndex.load(dir, { compute }),
  });
  for (const { name, run } of cases) test(name, run);
});

test('ExactIndex answers a long search from what it held when it was asked', async () => {
  const index = new ExactIndex(2, { compute: { ...plainCompute, callSize: 1 } });
  await index.add(['a', 'b'], Float32Array.of(1, 0, 0, 1));
  const search = index.search(Float32Array.of(1, 0, 1, 0, 1, 0, 1, 0), 1);
  await new Promise((resolve) => setImmediate(resolve));
  await index.add(['a', 'c'], Float32Array.of(-1, 0, 5, 0));
  expect((await search).map(([first]) => first?.id)).toEqual(['a', 'a', 'a', 'a']);
  expect((await index.search(Float32Array.of(1, 0), 1))[0]?.[0]?.id).toBe('c');
});

describe('HnswIndex', () => {
  const cases = vectorIndexConformance({
    create: (width) => HnswIndex.create(width),
    load: (dir) => HnswIndex.load(dir),
    recall: 0.9,
  });
  for (const { name, run } of cases) test(name, run);

  test('is as exact as it is asked to be: with all vectors as candidates it finds every one of the nearest', async () => {
    const cases = vectorIndexConformance({
      create: (width) => HnswIndex.create(width, { searchCandidates: 600 }),
      load: (dir) => HnswIndex.load(dir),
      recall: 1,
    });
    await cases[0]?.run();
  });
});

describe('approximateIndex', () => {
  test('uses hnswlib where it is installed', async () => {
    expect(await approximateIndex(4)).toBeInstanceOf(HnswIndex);
  });

  test('searches exactly where it is not, and says what to install', async () => {
    const reasons: string[] = [];
    const library = new Proxy({} as never, {
      get: () => {
        throw new MissingDependencyError('hnswlib-node', 'approximate vector search');
      },
    });
    const index = await approximateIndex(4, { library, onFallback: (reason) => reasons.push(reason) });
    expect(index).toBeInstanceOf(ExactIndex);
    expect(reasons.join()).toContain('npm install hnswlib-node');
  });
});
