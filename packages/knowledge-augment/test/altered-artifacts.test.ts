import assert from 'node:assert/strict';
import { EmbeddingTable, type IdMap, RandomStream, WORLD } from '@palate/core';
import { alteredArtifactConformance, disposableConformance } from '@palate/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, test } from 'vitest';
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
