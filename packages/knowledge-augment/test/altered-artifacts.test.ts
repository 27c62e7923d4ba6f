import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddingTable, type IdMap, RandomStream, readArtifact, WORLD, writeArtifact } from '@palate/core';
import { alteredArtifactConformance, disposableConformance, settled } from '@palate/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  CtrModel,
  ctrSamples,
  encodeFeatures,
  Reranker,
  rerankLists,
  seenEntities,
  splitByTimes,
  TwoTower,
} from '../src/index.js';
import { madeUpFilms } from './made-up-films.js';

const dataset = madeUpFilms(20, 12, 6);
const samples = ctrSamples(dataset.log, { above: 3 });
const { train } = splitByTimes(samples);
const features = encodeFeatures(
  dataset,
  [
    { name: 'id', of: 'item', kind: 'categorical' },
    { name: 'genres', of: 'item', kind: 'multi' },
    { name: 'year', of: 'item', kind: 'numeric' },
  ],
  seenEntities(train),
);
function vectors(ids: IdMap): EmbeddingTable {
  const random = new RandomStream(7);
  return new EmbeddingTable(
    ids,
    3,
    Float32Array.from({ length: ids.size * 3 }, () => random.normal()),
    WORLD,
  );
}
const knowledge = { item: vectors(dataset.log.items), adaptor: { widths: [4, 2] } };
const SMALL = { features, dimension: 2, hidden: [3], epochs: 1, batchSize: 64, knowledge } as const;
const lists = rerankLists(samples, { length: 4 });
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-altered-')), 'model');

function finite(values: ArrayLike<number>): void {
  for (let k = 0; k < values.length; k++) assert.ok(Number.isFinite(values[k]), `${values[k]} at ${k}`);
}

describe('an altered artifact of a click-through model', () => {
  for (const { name, run } of alteredArtifactConformance({
    save: async (dir) => (await CtrModel.fit(train, { ...SMALL, backbone: 'din' })).save(dir),
    load: (dir) => CtrModel.load(dir),
    use: async (model) => finite(await model.predict(train)),
    dispose: (model) => model.dispose(),
    changes: 50,
  }))
    test(name, run);
});

describe('an altered artifact of a re-ranker', () => {
  for (const { name, run } of alteredArtifactConformance({
    save: async (dir) =>
      (
        await Reranker.fit(lists, {
          features,
          dimension: 2,
          epochs: 1,
          batchSize: 64,
          knowledge,
          model: 'prm',
        })
      ).save(dir),
    load: (dir) => Reranker.load(dir),
    use: async (model) => finite(await model.score(lists)),
    dispose: (model) => model.dispose(),
    changes: 50,
  }))
    test(name, run);
});

describe('an altered artifact of two towers', () => {
  for (const { name, run } of alteredArtifactConformance({
    save: async (dir) =>
      (
        await TwoTower.fit(dataset, {
          dimension: 2,
          hidden: 3,
          epochs: 1,
          batchSize: 64,
          vectors: vectors(dataset.log.items),
        })
      ).save(dir),
    load: (dir) => TwoTower.load(dir),
    use: async (model) => {
      for (const list of await model.retrieve([{ history: [0, 1] }, {}], 4))
        finite(list.map(({ score }) => score));
    },
    changes: 40,
  }))
    test(name, run);
});

describe('an artifact', () => {
  test('is refused where its parts do not fit, though every checksum holds', async () => {
    using model = await CtrModel.fit(train, { ...SMALL, backbone: 'deepfm' });
    const dir = folder();
    await model.save(dir);
    const before = await settled(() => tf.memory().numTensors);
    const artifact = await readArtifact(dir, 'ctr-model', 4);
    const text = (name: string): string => Buffer.from(artifact.files[name] ?? []).toString('utf8');
    const write = async (change: {
      config?: object;
      files?: Record<string, string>;
      tensors?: object;
    }): Promise<string> => {
      const to = folder();
      const { config, version, kind } = artifact.manifest;
      await writeArtifact(to, {
        kind,
        version,
        config: { ...(config as object), ...change.config },
        tensors: { ...artifact.tensors, ...change.tensors } as typeof artifact.tensors,
        files: { ...artifact.files, ...change.files },
      });
      return to;
    };
    const { model: settings } = artifact.manifest.config as { model: Record<string, unknown> };
    const forged = (more: object): { config: object } => ({ config: { model: { ...settings, ...more } } });
    const saved = JSON.parse(text('features.json')) as { item: Record<string, unknown>[] };
    const firstFeature = (more: object): { files: Record<string, string> } => ({
      files: {
        'features.json': JSON.stringify({
          ...saved,
          item: saved.item.map((each, k) => (k === 0 ? { ...each, ...more } : each)),
        }),
      },
    });
    (await CtrModel.load(await write({}))).dispose();
    const codes = artifact.tensors['features/item/0'] as { shape: number[]; values: Int32Array };
    for (const [what, change] of Object.entries({
      'null config': { config: { model: null } },
      'no training': { config: { training: undefined } },
      backbone: forged({ backbone: 'dcnv9' }),
      'huge width': forged({ dimension: 8000 }),
      'huge layer': forged({ hidden: [60_000, 60_000] }),
      'other width': forged({ dimension: 3 }),
      dropout: forged({ dropout: 7 }),
      'other backbone': forged({ backbone: 'dcnv2' }),
      unknown: forged({ rate: 1 }),
      'no ids': { files: { 'items.json': '{}' } },
      'other ids': { files: { 'items.json': '["a"]' } },
      'broken JSON': { files: { 'users.json': '[' } },
      rows: firstFeature({ rows: 3 }),
      slots: firstFeature({ slots: 2 }),
      declaration: firstFeature({ declaration: null }),
      'codes beyond the table': {
        tensors: { 'features/item/0': { ...codes, values: codes.values.map(() => 4000) } },
      },
      'another tensor': { tensors: { stray: { shape: [1], values: Float32Array.of(1) } } },
      adaptor: {
        files: { 'features.json': JSON.stringify({ ...saved, adaptor: { widths: [50_000, 50_000] } }) },
      },
      provenance: {
        files: { 'features.json': JSON.stringify({ ...saved, provenance: { item: 'world' } }) },
      },
    }))
      await expect(CtrModel.load(await write(change)), what).rejects.toMatchObject({ code: 'artifact' });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of a re-ranker too', async () => {
    using model = await Reranker.fit(lists, {
      model: 'dlcm',
      features,
      dimension: 2,
      epochs: 1,
    });
    const dir = folder();
    await model.save(dir);
    const { manifest, tensors, files } = await readArtifact(dir, 'reranker', 4);
    for (const length of [1, 2.5, 1e7, undefined]) {
      const to = folder();
      const { model: own, ...rest } = manifest.config as { model: object };
      await writeArtifact(to, {
        ...manifest,
        config: { ...rest, model: { ...own, length } },
        tensors,
        files,
      });
      await expect(Reranker.load(to)).rejects.toMatchObject({ code: 'artifact' });
    }
  });
});

describe('a click-through model that is given back', () => {
  for (const { name, run } of disposableConformance<CtrModel>({
    create: () => CtrModel.fit(train, { ...SMALL, backbone: 'din' }),
    held: () => tf.memory().numTensors,
    uses: [(model) => model.predict(train), (model) => model.evaluate(train)],
    save: (model, dir) => model.save(dir),
    load: (dir) => CtrModel.load(dir),
  }))
    test(name, run);
});

describe('a re-ranker that is given back', () => {
  for (const { name, run } of disposableConformance<Reranker>({
    create: () =>
      Reranker.fit(lists, { features, dimension: 2, epochs: 1, batchSize: 64, knowledge, model: 'prm' }),
    held: () => tf.memory().numTensors,
    uses: [(model) => model.score(lists)],
    save: (model, dir) => model.save(dir),
    load: (dir) => Reranker.load(dir),
  }))
    test(name, run);
});
