import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '../basics/random.js';
import { madeFrom, UNKNOWN, WORLD } from '../data/provenance.js';
import type { VectorIndex } from '../recommend/vector-index.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';

/** Arguments of {@link vectorIndexConformance}. */
export interface VectorIndexConformanceOptions {
  /** Makes an empty index. */
  readonly create: (width: number) => Promise<VectorIndex>;
  /** Loads what `save` wrote. */
  readonly load: (dir: string) => Promise<VectorIndex>;
  /** Least share of the ten nearest among 600 vectors that it has to find. Default 1, an exact index. */
  readonly recall?: number | undefined;
  /** Most by which a score may differ from the inner product. Default .0001; more where vectors are kept in half precision. */
  readonly tolerance?: number | undefined;
}

const WIDTH = 16;

function vectorsOf(random: RandomStream, rows: number): Float32Array {
  const vectors = new Float32Array(rows * WIDTH);
  for (let row = 0; row < rows; row++) {
    const own = vectors.subarray(row * WIDTH, (row + 1) * WIDTH);
    let square = 0;
    for (let k = 0; k < WIDTH; k++) {
      own[k] = random.normal();
      square += own[k]! ** 2;
    }
    for (let k = 0; k < WIDTH; k++) own[k]! /= Math.sqrt(square);
  }
  return vectors;
}

const idsOf = (rows: number, prefix = 'v'): string[] =>
  Array.from({ length: rows }, (_, k) => `${prefix}${k}`);

/** The nearest by plain arithmetic: the fact that a search is compared with. */
function nearest(vectors: Map<string, Float32Array>, query: Float32Array, k: number): string[] {
  return [...vectors]
    .map(([id, vector]) => ({ id, score: vector.reduce((sum, value, at) => sum + value * query[at]!, 0) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, k)
    .map(({ id }) => id);
}

function asMap(ids: readonly string[], vectors: Float32Array): Map<string, Float32Array> {
  return new Map(ids.map((id, k) => [id, vectors.slice(k * WIDTH, (k + 1) * WIDTH)]));
}

/**
 * The contract of `VectorIndex` as a list of cases to run: adding, replacing, removing and adding again, searching
 * against plain arithmetic, filters, saving, and folders that are damaged or foreign.
 */
export function vectorIndexConformance(options: VectorIndexConformanceOptions): ConformanceCase[] {
  const { create, load, recall = 1, tolerance = 1e-4 } = options;

  async function filled(
    rows: number,
    seed = 1,
  ): Promise<{ index: VectorIndex; known: Map<string, Float32Array> }> {
    const index = await create(WIDTH);
    const vectors = vectorsOf(new RandomStream(seed), rows);
    await index.add(idsOf(rows), vectors);
    return { index, known: asMap(idsOf(rows), vectors) };
  }

  async function checkRecall(index: VectorIndex, known: Map<string, Float32Array>): Promise<void> {
    const queries = vectorsOf(new RandomStream(99), 40);
    const lists = await index.search(queries, 10);
    let hits = 0;
    let wanted = 0;
    for (const [q, list] of lists.entries()) {
      const expected = new Set(nearest(known, queries.subarray(q * WIDTH, (q + 1) * WIDTH), 10));
      assert.equal(list.length, expected.size);
      assert.equal(new Set(list.map(({ id }) => id)).size, list.length, 'an id is duplicated');
      for (const [at, { id, score }] of list.entries()) {
        const own = known.get(id);
        assert.ok(own, `found ${id}, which is not in the index`);
        const exact = own.reduce((sum, value, k) => sum + value * queries[q * WIDTH + k]!, 0);
        assert.ok(Math.abs(score - exact) < tolerance, `score ${score} for an inner product of ${exact}`);
        if (at > 0) assert.ok(score <= list[at - 1]!.score, 'scores rise along the list');
        if (expected.has(id)) hits++;
      }
      wanted += expected.size;
    }
    assert.ok(hits / wanted >= recall, `recall ${hits / wanted} below ${recall}`);
  }

  async function inFolder(work: (dir: string) => Promise<void>): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'palate-index-'));
    try {
      await work(join(dir, 'index'));
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }

  return [
    {
      name: 'finds the nearest by inner product, best first',
      run: async () => {
        const { index, known } = await filled(600);
        assert.equal(index.size, 600);
        assert.equal(index.width, WIDTH);
        await checkRecall(index, known);
      },
    },
    {
      name: 'finds nothing while it is empty, and no more than it holds',
      run: async () => {
        const index = await create(WIDTH);
        const queries = vectorsOf(new RandomStream(2), 2);
        assert.deepEqual(await index.search(queries, 3), [[], []]);
        await index.add(['only'], queries.slice(0, WIDTH));
        assert.deepEqual(
          (await index.search(queries, 3)).map((list) => list.map(({ id }) => id)),
          [['only'], ['only']],
        );
        assert.deepEqual(await index.search(new Float32Array(0), 3), []);
      },
    },
    {
      name: 'replaces the vector of a known id',
      run: async () => {
        const { index, known } = await filled(50);
        const replacement = vectorsOf(new RandomStream(5), 10);
        await index.add(idsOf(10), replacement);
        for (const [id, vector] of asMap(idsOf(10), replacement)) known.set(id, vector);
        assert.equal(index.size, 50);
        await checkRecall(index, known);
      },
    },
    {
      name: 'removes, says how many were there, and adds again',
      run: async () => {
        const { index, known } = await filled(300);
        const gone = idsOf(300).filter((_, k) => k % 3 === 0);
        assert.equal(await index.remove([...gone, 'unknown']), gone.length);
        for (const id of gone) known.delete(id);
        assert.equal(index.size, 200);
        await checkRecall(index, known);
        const more = vectorsOf(new RandomStream(6), 150);
        await index.add(idsOf(150, 'w'), more);
        for (const [id, vector] of asMap(idsOf(150, 'w'), more)) known.set(id, vector);
        assert.equal(index.size, 350);
        await checkRecall(index, known);
      },
    },
    {
      name: 'returns only what a filter accepts, and all of it if asked for',
      run: async () => {
        const { index } = await filled(600);
        const accepted = new Set(idsOf(600).filter((_, k) => k % 100 === 7));
        const [list = []] = await index.search(vectorsOf(new RandomStream(3), 1), 10, {
          filter: (id) => accepted.has(id),
        });
        assert.deepEqual(new Set(list.map(({ id }) => id)), accepted);
        assert.deepEqual(await index.search(vectorsOf(new RandomStream(3), 1), 10, { filter: () => false }), [
          [],
        ]);
      },
    },
    {
      name: 'finds every vector under a filter that few pass, however different the norms',
      run: async () => {
        const random = new RandomStream(12);
        const vectors = vectorsOf(random, 300);
        for (let row = 0; row < 300; row++) {
          // Norms over three orders of magnitude: by inner product the large ones are near everybody.
          const norm = 10 ** (3 * random.uniform() - 2);
          for (let k = 0; k < WIDTH; k++) vectors[row * WIDTH + k]! *= norm;
        }
        const index = await create(WIDTH);
        await index.add(idsOf(300), vectors);
        const query = vectorsOf(random, 1);
        for (const own of idsOf(300)) {
          const [list = []] = await index.search(query, 5, { filter: (id) => id === own });
          assert.deepEqual(
            list.map(({ id }) => id),
            [own],
          );
        }
        const [all = []] = await index.search(query, 300);
        assert.equal(new Set(all.map(({ id }) => id)).size, 300, 'all are found when all are asked for');
        const [most = []] = await index.search(query, 299, { filter: (id) => id !== 'v7' });
        assert.equal(new Set(most.map(({ id }) => id)).size, 299);
      },
    },
    {
      name: 'is the same after saving and loading, and goes on from there',
      run: () =>
        inFolder(async (dir) => {
          const { index, known } = await filled(200);
          await index.remove(['v3', 'v4']);
          known.delete('v3');
          known.delete('v4');
          await index.save(dir);
          const loaded = await load(dir);
          assert.equal(loaded.size, 198);
          assert.equal(loaded.width, WIDTH);
          await checkRecall(loaded, known);
          const more = vectorsOf(new RandomStream(8), 5);
          await loaded.add(idsOf(5, 'late'), more);
          for (const [id, vector] of asMap(idsOf(5, 'late'), more)) known.set(id, vector);
          await checkRecall(loaded, known);
          await loaded.save(dir);
          assert.equal((await load(dir)).size, 203);
        }),
    },
    {
      name: 'keeps the provenance of its vectors, also when saved, and has none where none was stated',
      run: () =>
        inFolder(async (dir) => {
          const index = await create(WIDTH);
          assert.deepEqual(index.provenance, WORLD, 'an empty index knows nothing');
          const vectors = vectorsOf(new RandomStream(9), 3);
          await index.add(idsOf(3), vectors, { provenance: madeFrom({ until: 10 }) });
          await index.add(idsOf(3, 'w'), vectors, { provenance: WORLD });
          await index.add(idsOf(3, 'x'), vectors, { provenance: madeFrom({ log: 'a log' }) });
          const known = madeFrom({ until: 10 }, { log: 'a log' });
          assert.deepEqual(index.provenance, known);
          await index.remove(idsOf(3, 'x'));
          assert.deepEqual(index.provenance, known, 'what was removed may have been read');
          await index.save(dir);
          const loaded = await load(dir);
          assert.deepEqual(loaded.provenance, known);
          await refuses(
            () => loaded.add(['bad'], vectors.slice(0, WIDTH), { provenance: { kind: 'other' } as never }),
            'invalid-input',
          );
          assert.equal(loaded.size, 6);
          await loaded.add(['y'], vectors.slice(0, WIDTH));
          assert.deepEqual(loaded.provenance, UNKNOWN);
          await loaded.save(dir);
          assert.deepEqual((await load(dir)).provenance, UNKNOWN);
        }),
    },
    {
      name: 'refuses a damaged, a foreign and a missing folder',
      run: () =>
        inFolder(async (dir) => {
          await refuses(() => load(dir), 'artifact');
          const { index } = await filled(20);
          await index.save(dir);
          const file = (await readdir(dir)).find((name) => name !== 'manifest.json') as string;
          await writeFile(join(dir, file), 'damaged');
          await refuses(() => load(dir), 'artifact');
          await writeFile(
            join(dir, 'manifest.json'),
            JSON.stringify({ format: 'palate-artifact', kind: 'other', version: 1, sha256: {} }),
          );
          await refuses(() => load(dir), 'artifact');
        }),
    },
    {
      name: 'refuses bad input and keeps what it had',
      run: async () => {
        const { index, known } = await filled(30);
        const one = vectorsOf(new RandomStream(4), 1);
        await refuses(() => index.add(['a', 'b'], one), 'invalid-input');
        await refuses(() => index.add(['a', 'a'], vectorsOf(new RandomStream(4), 2)), 'invalid-input');
        await refuses(
          () =>
            index.add(
              ['a'],
              one.map((value, k) => (k === 3 ? Number.NaN : value)),
            ),
          'invalid-input',
        );
        await refuses(() => index.search(one.subarray(1), 3), 'invalid-input');
        await refuses(() => index.search(one, 0), 'invalid-input');
        assert.equal(index.size, 30);
        await checkRecall(index, known);
      },
    },
  ];
}
