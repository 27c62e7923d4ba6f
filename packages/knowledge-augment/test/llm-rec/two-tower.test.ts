import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EmbeddingTable,
  fingerprint,
  madeFrom,
  type Provenance,
  RandomStream,
  readArtifact,
  readManifest,
  UNKNOWN,
  WORLD,
  withLog,
  writeArtifact,
} from '@palate/core';
import { settled } from '@palate/core/testing';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { TwoTower, type TwoTowerOptions } from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

const whole = madeUpFilms(20, 12, 6);
const split = leaveOneOut(whole.log);
const training = withLog(whole, split.train);
const { items } = training.log;
const vectors = (provenance: Provenance, seed = 1): EmbeddingTable => {
  const random = new RandomStream(seed);
  const data = Float32Array.from({ length: 3 * items.size }, () => random.normal());
  return new EmbeddingTable(items, 3, data, provenance);
};
const SMALL = { dimension: 2, hidden: 3, epochs: 1, batchSize: 64 } as const;
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-towers-')), 'model');

it('is refused by evaluation and by its own validation where its texts know the test', async () => {
  const of = (provenance: Provenance, more: TwoTowerOptions = {}): Promise<TwoTower> =>
    TwoTower.fit(training, { ...SMALL, vectors: vectors(provenance), ...more });
  const judged = (model: TwoTower) =>
    evaluateRanking(model, { history: split.train, test: split.test }, { resamples: 0, metrics: ['hr@5'] });
  const whatAll = madeFrom({ log: fingerprint(whole.log) });
  for (const refused of [UNKNOWN, whatAll]) {
    await expect(judged(await of(refused))).rejects.toMatchObject({ code: 'leak' });
    await expect(of(refused, { validation: split.validation })).rejects.toMatchObject({ code: 'leak' });
  }
  const own = madeFrom({ log: fingerprint(split.train) });
  for (const admitted of [WORLD, own])
    expect(
      (await judged(await of(admitted, { validation: split.validation }))).metrics['hr@5']?.mean,
    ).toBeGreaterThan(0);
  expect((await judged(await TwoTower.fit(training, SMALL))).metrics['hr@5']?.mean).toBeGreaterThan(0);
  // The note survives a folder.
  const dir = folder();
  await (await of(whatAll)).save(dir);
  const loaded = await TwoTower.load(dir);
  expect(loaded.provenance).toEqual(whatAll);
  await expect(judged(loaded)).rejects.toMatchObject({ code: 'leak' });
  // So does what it was stopped by.
  for (const [validation, isRefused] of [
    [split.test, true],
    [split.validation, false],
  ] as const) {
    const model = await of(WORLD, { validation });
    const to = folder();
    await model.save(to);
    for (const each of [model, await TwoTower.load(to)])
      if (isRefused)
        await expect(judged(each)).rejects.toMatchObject({
          received: expect.stringContaining('the test itself'),
        });
      else expect((await judged(each)).users).toBe(20);
  }
});

it('gives the favourites of training to whoever says nothing', async () => {
  const model = await TwoTower.fit(training, SMALL);
  const counts = training.log.itemCounts();
  const best = [...counts.keys()].sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  for (const query of [{}, { user: 'nobody' }, { history: [] }]) {
    const [list] = await model.retrieve([query], 5);
    expect(list?.map(({ item }) => item)).toEqual(best.slice(0, 5));
  }
});

it('leaves no tensors, and tells checkpoints by every option', async () => {
  const before = await settled(() => tf.memory().numTensors);
  const identity = async (options: TwoTowerOptions): Promise<unknown> => {
    const dir = folder();
    await TwoTower.fit(training, { ...SMALL, checkpoint: { dir }, ...options });
    return ((await readManifest(dir)).config as { identity: unknown }).identity;
  };
  const found = [];
  for (const options of [
    {},
    { learningRate: 0.5 },
    { patience: 9 },
    { weightDecay: 0.3 },
    { vectors: vectors(WORLD) },
    { vectors: vectors(WORLD, 2) },
    { seed: 4 },
  ])
    found.push(await identity(options));
  expect(new Set(found).size).toBe(found.length);
  expect(await identity({})).toBe(found[0]);
  await expect(TwoTower.fit(training, { ...SMALL, hidden: 0 })).rejects.toThrow(/hidden/);
  expect(tf.memory().numTensors).toBe(before);
});

it('refuses an artifact whose parts do not fit, though every checksum holds', async () => {
  const dir = folder();
  await (await TwoTower.fit(training, { ...SMALL, vectors: vectors(WORLD) })).save(dir);
  const { manifest, tensors, files } = await readArtifact(dir, 'two-tower', 2);
  const { settings } = manifest.config as { settings: object };
  const users = tensors.users as (typeof tensors)[string];
  for (const [what, change] of Object.entries({
    'null config': { config: null },
    width: { config: { settings: { ...settings, dimension: 3 }, provenance: null } },
    'no provenance': { config: { settings } },
    ids: { files: { ...files, 'users.json': '["u1"]' } },
    shape: { tensors: { ...tensors, users: { ...users, shape: [2, users.values.length / 2] } } },
    'not a number': {
      tensors: {
        ...tensors,
        users: { ...users, values: new Float32Array(users.values.length).fill(Number.NaN) },
      },
    },
  })) {
    const to = folder();
    await writeArtifact(to, { ...manifest, tensors, files, ...change });
    await expect(TwoTower.load(to), what).rejects.toMatchObject({ code: 'artifact' });
  }
});
