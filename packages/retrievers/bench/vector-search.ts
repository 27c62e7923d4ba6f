// Recall@10 and time of both indexes on 20,000 and 200,000 vectors of width 128, and of hnswlib's Python binding and of faiss on
// the same vectors where python3 has them. Beside faiss processor time is compared as well, for machines that do other work.
// Run: npx tsx --conditions=palate-source packages/retrievers/bench/vector-search.ts [20000] [200000]
import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream, type VectorMatch } from '@palate/core';
import { besidePython } from '../../../scripts/bench.js';
import { ExactIndex, HnswIndex } from '../src/index.js';

const WIDTH = 128;
const QUERIES = 500;
const CLUSTERS = 200;

/** Vectors of norm 1 around random centres, as encoded texts lie: pure noise has no near neighbours. */
function clustered(random: RandomStream, rows: number, centres: Float32Array): Float32Array {
  const vectors = new Float32Array(rows * WIDTH);
  for (let row = 0; row < rows; row++) {
    const centre = random.integer(CLUSTERS) * WIDTH;
    const own = vectors.subarray(row * WIDTH, (row + 1) * WIDTH);
    for (let k = 0; k < WIDTH; k++) own[k] = (centres[centre + k] as number) + 0.7 * random.normal();
    const norm = Math.hypot(...own);
    for (let k = 0; k < WIDTH; k++) own[k] = (own[k] as number) / norm;
  }
  return vectors;
}

/** Seconds, and seconds of the processor, of some work. */
type Took = readonly [number, number];

const timed = async (work: () => Promise<unknown>): Promise<Took> => {
  const used = process.cpuUsage();
  const started = performance.now();
  await work();
  const { user, system } = process.cpuUsage(used);
  return [(performance.now() - started) / 1000, (user + system) / 1e6];
};

/** Ratios to a peer of seconds and of seconds of the processor, for as many queries as each. */
const ratio = (own: Took, peer: Took): string =>
  own.map((value, k) => (value / (peer[k] as number)).toFixed(2)).join(', processor ');

const recall = (found: VectorMatch[][], exact: VectorMatch[][]): number =>
  found.reduce((sum, list, q) => {
    const known = new Set(exact[q]?.map(({ id }) => id));
    return sum + list.filter(({ id }) => known.has(id)).length;
  }, 0) /
  (10 * QUERIES);

const sizes = process.argv.slice(2).map(Number);
console.log(`${availableParallelism()} cores, width ${WIDTH}, ${QUERIES} queries, k 10`);
for (const rows of sizes.length > 0 ? sizes : [20_000, 200_000]) {
  const random = new RandomStream(1);
  const centres = Float32Array.from({ length: CLUSTERS * WIDTH }, () => random.normal());
  const vectors = clustered(random, rows, centres);
  const queries = clustered(random, QUERIES, centres);
  const ids = Array.from({ length: rows }, (_, k) => String(k));

  const exact = new ExactIndex(WIDTH);
  await exact.add(ids, vectors);
  const truth = await exact.search(queries, 10);
  const batch = await timed(() => exact.search(queries, 10));
  const alone = await timed(async () => {
    for (let q = 0; q < 100; q++) await exact.search(queries.subarray(q * WIDTH, (q + 1) * WIDTH), 10);
  });
  const report = (name: string, build: number, one: number, all: number, found: number): void =>
    console.log(
      `${rows} ${name}: build ${build.toFixed(1)} s, one query ${one.toFixed(3)} ms, in batches ${all.toFixed(3)} ms a query, recall@10 ${found.toFixed(4)}`,
    );
  report('ExactIndex', 0, alone[0] * 10, (batch[0] / QUERIES) * 1000, 1);

  const hnsw = await HnswIndex.create(WIDTH);
  const built = await timed(() => hnsw.add(ids, vectors));
  const [build] = built;
  let found: VectorMatch[][] = [];
  const searching = await timed(async () => {
    found = await hnsw.search(queries, 10);
  });
  const perQuery = (searching[0] / QUERIES) * 1000;
  report('HnswIndex M 16, ef 100', build, perQuery, perQuery, recall(found, truth));

  const dir = mkdtempSync(join(tmpdir(), 'palate-vectors-'));
  writeFileSync(join(dir, 'vectors.f32'), vectors);
  writeFileSync(join(dir, 'queries.f32'), queries);
  writeFileSync(
    join(dir, 'truth.i32'),
    Int32Array.from(truth.flatMap((list) => list.map(({ id }) => Number(id)))),
  );
  const faiss = besidePython<
    { version: string; threads: number; recall: number } & Record<
      'batch' | 'alone' | 'build' | 'search',
      Took
    >
  >(`${rows} faiss`, new URL('faiss_peer.py', import.meta.url), dir, String(WIDTH));
  if (faiss) {
    const name = `faiss ${faiss.version}, ${faiss.threads} threads`;
    report(`${name}, flat`, 0, faiss.alone[0] * 10, (faiss.batch[0] / QUERIES) * 1000, 1);
    const each = (faiss.search[0] / QUERIES) * 1000;
    report(`${name}, HNSW`, faiss.build[0], each, each, faiss.recall);
    console.log(
      `${rows} ratios, ours to faiss's: flat one by one ${ratio(alone, faiss.alone)}; flat in batches ${ratio(batch, faiss.batch)}; HNSW build ${ratio(built, faiss.build)}; HNSW search ${ratio(searching, faiss.search)}`,
    );
  }
  const theirs = besidePython<{ build: number; query: number; recall: number }>(
    `${rows} hnswlib in Python`,
    new URL('hnswlib_peer.py', import.meta.url),
    dir,
    String(WIDTH),
  );
  if (theirs) {
    report('hnswlib in Python, 1 thread', theirs.build, theirs.query, theirs.query, theirs.recall);
    console.log(
      `${rows} ratios, ours to Python's: build ${(build / theirs.build).toFixed(2)}, query ${(perQuery / theirs.query).toFixed(2)}, recall ${(recall(found, truth) / theirs.recall).toFixed(3)}`,
    );
  }
}
