import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EmbeddingTable,
  IdMap,
  RandomStream,
  readArtifact,
  type TensorData,
  writeArtifact,
} from '@palate/core';
import { describe, expect, it } from 'vitest';
import { LshCodebook, RandomCodebook, RqKMeans, RqVae, SemanticIds, Tiger } from '../src/index.js';
import { idsOf, ring, TINY } from './ring.js';

const refused = { code: 'artifact' };
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-forged-')), 'saved');

/** Saves, changes what is saved with a checksum that holds, and expects every change to be refused on loading. */
async function refusesForgeries(
  save: (dir: string) => Promise<void>,
  load: (dir: string) => Promise<unknown>,
  kind: string,
  version: number,
  forged: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const dir = folder();
  await save(dir);
  await load(dir);
  const { manifest, tensors, files } = await readArtifact(dir, kind, version);
  const config = manifest.config as Record<string, unknown>;
  const write = (own: unknown, parts: Readonly<Record<string, TensorData>> = tensors) =>
    writeArtifact(dir, { kind, version, config: own, tensors: parts, files });
  for (const change of forged) {
    await write({ ...config, ...change });
    await expect(load(dir), JSON.stringify(change)).rejects.toMatchObject(refused);
  }
  for (const other of [null, 3, [], 'x', { ...config, unheardOf: 1 }]) {
    await write(other);
    await expect(load(dir), JSON.stringify(other)).rejects.toMatchObject(refused);
  }
  for (const setting of Object.keys(config)) {
    const { [setting]: _, ...rest } = config;
    await write(rest);
    await expect(load(dir), `without ${setting}`).rejects.toMatchObject(refused);
  }
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const { [name]: _, ...rest } = tensors;
    await write(config, rest);
    await expect(load(dir), `without ${name}`).rejects.toMatchObject(refused);
    await write(config, { ...tensors, [name]: { shape: [...shape, 1], values } });
    await expect(load(dir), `${name} in another shape`).rejects.toMatchObject(refused);
  }
  await write(config);
  await load(dir);
}

const random = new RandomStream(2);
const table = new EmbeddingTable(
  new IdMap(Array.from({ length: 40 }, (_, row) => `i${row}`)),
  6,
  Float32Array.from({ length: 240 }, () => random.normal()),
);
const shape = { levels: 2, size: 8 };
const CODES = [
  { levels: 3 },
  { levels: 0 },
  { size: 4 },
  { size: 1e9 },
  { width: 7 },
  { codebook: 'other' },
  { codebook: 7 },
  { encoder: 5 },
];
const codebooks = {
  'rq-k-means': [() => RqKMeans.fit(table, { ...shape, minimumUsage: 0 }), CODES],
  lsh: [() => LshCodebook.fit(table, shape), CODES],
  random: [
    () => RandomCodebook.fit(table, shape),
    [{ levels: 3 }, { size: 2 }, { size: 1e9 }, { width: 0 }, { seed: 'x' }, { codebook: 'lsh' }],
  ],
  'rq-vae': [
    () => RqVae.fit(table, { ...shape, hidden: [8], latent: 4, epochs: 1, batchSize: 20, minimumUsage: 0 }),
    [
      ...CODES,
      { hidden: [9] },
      { hidden: [1e9] },
      { hidden: [] },
      { latent: 5 },
      { scale: -1 },
      { beta: 'b' },
    ],
  ],
} as const;

describe('saved semantic IDs whose checksums hold', () => {
  for (const [name, [fit, forged]] of Object.entries(codebooks))
    it(`are refused with settings that do not belong to the ${name} codebook`, async () => {
      const ids = await SemanticIds.assign(await fit(), table, { encoder: 'e' });
      await refusesForgeries(
        (dir) => ids.save(dir),
        (dir) => SemanticIds.load(dir),
        'semantic-ids',
        2,
        forged,
      );
    });

  it('are refused with codes that the codebook does not have, or an ID twice', async () => {
    const ids = await SemanticIds.assign(await RandomCodebook.fit(table, shape), table, { encoder: 'e' });
    const dir = folder();
    await ids.save(dir);
    const { manifest, tensors, files } = await readArtifact(dir, 'semantic-ids', 2);
    const tuples = tensors.tuples as TensorData;
    for (const change of [
      (values: Int32Array) => values.fill(8, 0, 1),
      (values: Int32Array) => values.fill(-1, 4, 5),
      (values: Int32Array) => values.copyWithin(0, ids.depth, 2 * ids.depth),
    ]) {
      const values = (tuples.values as Int32Array).slice();
      change(values);
      await writeArtifact(dir, {
        kind: 'semantic-ids',
        version: 1,
        config: manifest.config,
        tensors: { ...tensors, tuples: { shape: tuples.shape, values } },
        files,
      });
      await expect(SemanticIds.load(dir)).rejects.toMatchObject(refused);
    }
  });
});

describe('a saved TIGER whose checksums hold', () => {
  const common = [
    { dimension: 16 },
    { dimension: 8192 },
    { blocks: 2 },
    { blocks: 64 },
    { inner: 65_536 },
    { maxLength: 100_000 },
    { userTokens: 10_000_000 },
    { epsilon: 2 },
    { mode: 'other' },
    { ids: null },
    { unseenShare: 0 },
    { unseenShare: 'some' },
  ];
  for (const [mode, own] of [
    ['efficient', [{ heads: 3 }, { prefixVectors: false }, { mode: 'faithful' }, { maxLength: 9 }]],
    ['faithful', [{ heads: 128 }, { mode: 'efficient' }]],
  ] as const)
    it(`is refused with settings that do not belong to its weights, ${mode}`, async () => {
      const dataset = ring(20, 12, 5);
      const tiger = await Tiger.fit(dataset, { ...TINY[mode], ids: await idsOf(dataset, 6), epochs: 1 });
      await refusesForgeries(
        (dir) => tiger.save(dir),
        (dir) => Tiger.load(dir),
        'tiger',
        3,
        [...common, ...own],
      );
    });
});
