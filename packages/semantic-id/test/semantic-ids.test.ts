import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddingTable, IdMap, RandomStream } from '@palate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  IdTrie,
  LshCodebook,
  printIdTree,
  RandomCodebook,
  RqKMeans,
  RqVae,
  reportIds,
  SemanticIds,
} from '../src/index.js';

function table(rows: number, width = 6, prefix = 'i', seed = 1): EmbeddingTable {
  const random = new RandomStream(seed);
  return new EmbeddingTable(
    new IdMap(Array.from({ length: rows }, (_, row) => `${prefix}${row}`)),
    width,
    Float32Array.from({ length: rows * width }, () => random.normal()),
  );
}

describe('SemanticIds', () => {
  it('are one to one, whatever collides', async () => {
    const vectors = table(200);
    // Four codes for 200 items: nearly all collide.
    const ids = await SemanticIds.assign(
      await RandomCodebook.fit(vectors, { levels: 1, size: 64 }),
      vectors,
      { encoder: 'test' },
    );
    const seen = new Set<string>();
    for (let item = 0; item < 200; item++) {
      expect(ids.find(ids.tuple(item))).toBe(item);
      seen.add(ids.tuple(item).join());
    }
    expect(seen.size).toBe(200);
    expect(ids.find([63, 63])).toBeUndefined();
    // The last code counts from 0 within equal codes.
    const last = new Map<number, number>();
    for (let item = 0; item < 200; item++) {
      const [code = 0, count] = ids.tuple(item);
      expect(count).toBe(last.get(code) ?? 0);
      last.set(code, (count as number) + 1);
    }
  });

  it.each([
    [3, 2],
    [17, 16],
    [257, 256],
  ])('tell %d equal vectors apart at size %d, by one more code', async (rows, size) => {
    const vectors = new EmbeddingTable(
      new IdMap(Array.from({ length: rows }, (_, row) => `same${row}`)),
      2,
      new Float32Array(2 * rows).fill(1),
    );
    const codebook = await RqKMeans.fit(vectors, { levels: 2, size, minimumUsage: 0 });
    const ids = await SemanticIds.assign(codebook, vectors, { encoder: 'test' });
    expect(ids.depth).toBe(4);
    // The number of each item, in two digits to the base of the size.
    for (let row = 0; row < rows; row++) {
      expect(ids.tuple(row).slice(2)).toEqual([Math.floor(row / size), row % size]);
      expect(ids.find(ids.tuple(row))).toBe(row);
    }
    const dir = join(mkdtempSync(join(tmpdir(), 'palate-ids-')), 'ids');
    await ids.save(dir);
    const loaded = await SemanticIds.load(dir);
    expect(loaded.depth).toBe(4);
    expect(loaded.tuples).toEqual(ids.tuples);
  });

  it('refuse more equal codes than the levels asked for can tell apart, and say how many do', async () => {
    const vectors = new EmbeddingTable(new IdMap(['a', 'b', 'c']), 2, Float32Array.of(1, 1, 1, 1, 1, 1));
    const codebook = await RandomCodebook.fit(vectors, { levels: 2, size: 2 });
    await expect(
      SemanticIds.assign(codebook, vectors, { encoder: 'test', collisionLevels: 1 }),
    ).rejects.toMatchObject({ code: 'invalid-input', hint: expect.stringContaining('collisionLevels: 2') });
    // The advice helps: there is room for one more then, and not for two.
    const roomy = await SemanticIds.assign(codebook, vectors, { encoder: 'test', collisionLevels: 2 });
    const later = (ids: string[]) =>
      new EmbeddingTable(new IdMap(ids), 2, new Float32Array(2 * ids.length).fill(1));
    const extended = await roomy.extend(later(['d']));
    expect(extended.tuple(3).slice(2)).toEqual([1, 1]);
    await expect(extended.extend(later(['e']))).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('refuse vectors of another width than the codebook’s, even where they divide into rows', async () => {
    const vectors = table(60);
    const codebook = await RqKMeans.fit(vectors, { levels: 2, size: 8 });
    const wide = table(30, 12, 'wide');
    await expect(SemanticIds.assign(codebook, wide, { encoder: 'test' })).rejects.toThrow(
      /width 6.*width 12/,
    );
    const ids = await SemanticIds.assign(codebook, vectors, { encoder: 'test' });
    await expect(ids.extend(wide)).rejects.toThrow(/width 6.*width 12/);
  });

  it('take new items without changing the old', async () => {
    const vectors = table(60);
    const codebook = await RqKMeans.fit(vectors, { levels: 2, size: 8 });
    const ids = await SemanticIds.assign(codebook, vectors, { encoder: 'test' });
    // The first new item has the vector of a known one: its codes with the next last code.
    const fresh = new EmbeddingTable(new IdMap(['new']), 6, vectors.data.slice(0, 6));
    const extended = await ids.extend(fresh);
    for (let item = 0; item < 60; item++) expect(extended.tuple(item)).toEqual(ids.tuple(item));
    expect(extended.tuple(60).slice(0, 2)).toEqual(ids.tuple(0).slice(0, 2));
    expect(extended.tuple(60)[2]).toBeGreaterThan(ids.tuple(0)[2] as number);
    await expect(ids.extend(vectors)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  const kinds = {
    'rq-k-means': (vectors: EmbeddingTable) => RqKMeans.fit(vectors, { levels: 2, size: 8 }),
    'rq-vae': (vectors: EmbeddingTable) =>
      RqVae.fit(vectors, {
        levels: 2,
        size: 16,
        hidden: [8],
        latent: 4,
        epochs: 3,
        batchSize: 32,
        minimumUsage: 0,
      }),
    lsh: (vectors: EmbeddingTable) => LshCodebook.fit(vectors, { levels: 2, size: 8 }),
    random: (vectors: EmbeddingTable) => RandomCodebook.fit(vectors, { levels: 2, size: 8 }),
  };
  for (const [kind, fit] of Object.entries(kinds))
    it(`of ${kind} come back from a folder, with a codebook that still encodes`, async () => {
      const vectors = table(60);
      const ids = await SemanticIds.assign(await fit(vectors), vectors, { encoder: 'e@1' });
      const dir = join(mkdtempSync(join(tmpdir(), 'palate-ids-')), 'ids');
      await ids.save(dir);
      const loaded = await SemanticIds.load(dir);
      expect(loaded.tuples).toEqual(ids.tuples);
      expect(loaded.encoder).toBe('e@1');
      expect([...loaded.items]).toEqual([...ids.items]);
      const other = table(10, 6, 'n', 9);
      expect(await loaded.codebook.encode(other.data)).toEqual(await ids.codebook.encode(other.data));
      writeFileSync(join(dir, readdirSync(dir).find((name) => name.endsWith('safetensors')) as string), 'x');
      await expect(SemanticIds.load(dir)).rejects.toMatchObject({ code: 'artifact' });
    });

  it('follow another id map and name what has no ID', async () => {
    const vectors = table(20);
    const ids = await SemanticIds.assign(await LshCodebook.fit(vectors, { levels: 2, size: 8 }), vectors, {
      encoder: 'test',
    });
    const aligned = ids.align(new IdMap(['i7', 'i3']));
    expect(aligned.tuple(0)).toEqual(ids.tuple(7));
    expect(() => ids.align(new IdMap(['i7', 'other']))).toThrow(/other/);
  });
});

describe('IdTrie', () => {
  it('holds each different tuple as one path, with consecutive children', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)), {
          minLength: 1,
          maxLength: 30,
          selector: (tuple) => tuple.join(),
        }),
        (tuples) => {
          const trie = new IdTrie(Int32Array.from(tuples.flat()), 3);
          for (const [item, tuple] of tuples.entries()) {
            let node = 0;
            for (const code of tuple) {
              const from = trie.childFrom[node] as number;
              const to = from + (trie.childCount[node] as number);
              const next = Array.from({ length: to - from }, (_, k) => from + k).filter(
                (child) => trie.code[child] === code,
              );
              expect(next).toHaveLength(1);
              expect(trie.parent[next[0] as number]).toBe(node);
              node = next[0] as number;
            }
            expect(trie.item[node]).toBe(item);
            expect(trie.path[item * 3 + 2]).toBe(node);
          }
          const prefixes = new Set(
            tuples.flatMap((tuple) => [0, 1, 2].map((l) => tuple.slice(0, l + 1).join())),
          );
          expect(trie.nodeCount).toBe(prefixes.size + 1);
        },
      ),
    );
  });
});

describe('reportIds and printIdTree', () => {
  it('say how much collides, how alike what shares a code is, and show it', async () => {
    const vectors = new EmbeddingTable(
      new IdMap(['a', 'b', 'c', 'd']),
      2,
      Float32Array.of(1, 0, 1, 0, 0, 1, -1, 0.2),
    );
    const codebook = await RqKMeans.fit(vectors, { levels: 1, size: 3, minimumUsage: 0 });
    const ids = await SemanticIds.assign(codebook, vectors, { encoder: 'test' });
    const report = reportIds(ids, vectors);
    expect(report.collisionRate).toBe(0.5);
    expect(report.largestCollision).toBe(2);
    expect(report.similarity).toEqual([1]);
    expect(report.similarityAtRandom).toBeLessThan(0.7);
    const text = printIdTree(ids, { title: (item) => `film ${ids.items.idOf(item)}`, groups: 2 });
    expect(text).toContain('(2 items)');
    expect(text).toMatch(/0 +film a\n.*1 +film b/);
    expect(text).toContain('1 more first codes');
  });
});
