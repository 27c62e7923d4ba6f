import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Dataset,
  fingerprint,
  type InteractionLog,
  madeFrom,
  RandomStream,
  readArtifact,
  withLog,
} from '@palate/core';
import { type RetrieverConformanceOptions, retrieverConformance } from '@palate/core/testing';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { kCore, leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { ForwardPass, selectBackend } from '@palate/nn';
import { OrtSession, OrtTensor } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bert4Rec, SasRec, type SasRecLoss } from '../src/index.js';
import { SequenceEncoder } from '../src/sequence-encoder.js';
import { ring } from './ring.js';

const SMALL = { dimension: 8, heads: 2, blocks: 1, maxLength: 8, epochs: 1, batchSize: 16 };

/** Of MovieTweetings the part in which everybody and every film has at least ten ratings. */
async function someFilms(): Promise<Dataset> {
  const films = await loadBundledMovieTweetings();
  return withLog(films, kCore(films.log, { users: 10, items: 10 }));
}
// Few epochs, so that the test is short: BERT4Rec has learned what is popular by then, SASRec what comes next.
const REAL = { dimension: 32, blocks: 1, epochs: 6, learningRate: 0.005, dropout: 0.2, maxLength: 30 };

const systems: Record<string, RetrieverConformanceOptions> = {
  SasRec: {
    fit: (data, options) => SasRec.fit(data, { ...SMALL, ...options }),
    held: () => tf.memory().numTensors,
    load: (dir) => SasRec.load(dir),
    quality: {
      dataset: someFilms,
      hitRate: 0.2,
      fit: (data, options) => SasRec.fit(data, { ...REAL, ...options }),
    },
  },
  Bert4Rec: {
    fit: (data, options) => Bert4Rec.fit(data, { ...SMALL, ...options }),
    held: () => tf.memory().numTensors,
    quality: {
      dataset: someFilms,
      hitRate: 0.13,
      fit: (data, options) => Bert4Rec.fit(data, { ...REAL, ...options }),
    },
    load: (dir) => Bert4Rec.load(dir),
  },
};
for (const [name, options] of Object.entries(systems))
  describe(name, () => {
    for (const { name: fact, run } of retrieverConformance(options)) test(fact, run);
  });

describe('what comes next in a ring is learned', () => {
  const dataset = ring(60, 12, 9);
  const split = leaveOneOut(dataset.log);
  const options = {
    dimension: 16,
    blocks: 1,
    maxLength: 8,
    batchSize: 32,
    learningRate: 0.01,
    epochs: 30,
    dropout: 0,
  };
  const hitRate = async (retriever: Parameters<typeof evaluateRanking>[0]): Promise<number> => {
    const { metrics } = await evaluateRanking(
      retriever,
      { history: split.train, test: split.validation as InteractionLog },
      { metrics: ['hr@1'], resamples: 0 },
    );
    return metrics['hr@1']?.mean ?? 0;
  };
  for (const loss of ['cross-entropy', 'bce', 'gbce', 'sampled-softmax'] as SasRecLoss[])
    test(`SASRec with ${loss}`, async () => {
      const sasrec = await SasRec.fit(withLog(dataset, split.train), { ...options, loss, negatives: 4 });
      expect(await hitRate(sasrec)).toBeGreaterThan(0.9);
      expect(sasrec.history.at(-1)?.loss).toBeLessThan(sasrec.history[0]?.loss ?? 0);
    });
  test('SASRec ranks the next item against what its user has not seen, where told so', async () => {
    const train = withLog(dataset, split.train);
    // Before anything is learned all scores are 0: 12 items compete, or the next one and the 5 that its user never used.
    const untaught = { ...options, epochs: 1, learningRate: 0, itemDeviation: 1e-6 };
    const lossOf = async (competitors: 'all' | 'unseen') =>
      (await SasRec.fit(train, { ...untaught, competitors })).history[0]?.loss;
    expect(await lossOf('all')).toBeCloseTo(Math.log(12), 3);
    expect(await lossOf('unseen')).toBeCloseTo(Math.log(6), 3);
    expect(await hitRate(await SasRec.fit(train, { ...options, competitors: 'unseen' }))).toBeGreaterThan(
      0.9,
    );
    await expect(SasRec.fit(train, { ...untaught, loss: 'bce', competitors: 'unseen' })).rejects.toThrow(
      "competitors to be 'all' or",
    );
  });

  test('SASRec from stretches of histories longer than it reads', async () => {
    const train = withLog(dataset, split.train);
    const short = { ...options, maxLength: 3, epochs: 10 };
    const newest = await SasRec.fit(train, short);
    const random = await SasRec.fit(train, { ...short, windows: 'random' });
    // Each pass reads other stretches; either way the ring is learned.
    expect(random.history.map(({ loss }) => loss)).not.toEqual(newest.history.map(({ loss }) => loss));
    expect(await hitRate(random)).toBeGreaterThan(0.9);
    await expect(SasRec.fit(train, { ...short, windows: 'oldest' as never })).rejects.toThrow(
      "windows to be 'newest' or 'random'",
    );
  });
  test('BERT4Rec, with validation and early stopping', async () => {
    const bert = await Bert4Rec.fit(withLog(dataset, split.train), {
      ...options,
      epochs: 60,
      maskShare: 0.3,
      lastOnly: 0.3,
      validation: split.validation as InteractionLog,
      patience: 20,
    });
    expect(await hitRate(bert)).toBeGreaterThan(0.8);
    expect(Math.max(...bert.history.map(({ metrics }) => metrics['ndcg@10'] ?? 0))).toBeGreaterThan(0.8);
  });
});

describe('the encoder', () => {
  const config = {
    dimension: 8,
    itemDeviation: 0.02,
    blocks: 2,
    heads: 2,
    maxLength: 6,
    dropout: 0.5,
    layers: 'sasrec',
    inner: 32,
  } as const;
  const encode = (ids: number[], present: number[], causal: boolean, encoder: SequenceEncoder): number[][] =>
    tf.tidy(() => {
      const hidden = encoder.encode(
        tf.tensor2d([ids], undefined, 'int32'),
        tf.tensor2d([present]),
        ForwardPass.inference(),
        causal,
      );
      return (hidden.arraySync() as number[][][])[0] as number[][];
    });
  let encoder: SequenceEncoder;
  beforeAll(async () => {
    await selectBackend('ort');
    encoder = new SequenceEncoder(config, 10, new RandomStream(1));
  });
  test('starts with item vectors as wide as it is told', async () => {
    const [small, wide] = await Promise.all(
      [0.02, 0.5].map(async (itemDeviation) => {
        const { parameters } = new SequenceEncoder({ ...config, itemDeviation }, 500, new RandomStream(1));
        const values = (await parameters.values())['items.table']?.values as Float32Array;
        return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
      }),
    );
    expect(small).toBeCloseTo(0.02, 3);
    expect(wide).toBeCloseTo(0.5, 1);
  });
  test('is causal where it has to be: a later item changes nothing before it', () => {
    const [a, b] = [
      encode([1, 2, 3, 4], [1, 1, 1, 1], true, encoder),
      encode([1, 2, 3, 9], [1, 1, 1, 1], true, encoder),
    ];
    expect(b.slice(0, 3)).toEqual(a.slice(0, 3));
    expect(b[3]).not.toEqual(a[3]);
    expect(encode([1, 2, 3, 9], [1, 1, 1, 1], false, encoder)[0]).not.toEqual(
      encode([1, 2, 3, 4], [1, 1, 1, 1], false, encoder)[0],
    );
  });
  test('pays no heed to padding, whatever stands there and however long it is', () => {
    const short = encode([3, 4], [1, 1], true, encoder).at(-1) as number[];
    for (const padded of [
      encode([7, 7, 3, 4], [0, 0, 1, 1], true, encoder),
      encode([0, 0, 0, 0, 3, 4], [0, 0, 0, 0, 1, 1], true, encoder),
    ])
      for (const [k, value] of (padded.at(-1) as number[]).entries())
        expect(value).toBeCloseTo(short[k] as number, 5);
  });
});

describe('item vectors', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-item-vectors-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(['SASRec', 'BERT4Rec'])(
    'of %s are the items of its saved table, and know the log',
    async (name) => {
      const dataset = ring(10, 5, 4);
      const dir = join(folder, name);
      using model = await (name === 'SASRec' ? SasRec : Bert4Rec).fit(dataset, SMALL);
      await model.save(dir);
      const table = await model.itemVectors();
      const saved = (await readArtifact(dir, name.toLowerCase(), 2)).tensors['model/items.table'];
      expect([table.ids.size, table.width]).toEqual([5, SMALL.dimension]);
      expect(table.data).toEqual(saved?.values.subarray(0, 5 * SMALL.dimension));
      // BERT4Rec's table ends with the vector of its mask, which is no item.
      expect(saved?.shape[0]).toBe(name === 'SASRec' ? 5 : 6);
      expect(table.provenance).toEqual(madeFrom({ log: fingerprint(dataset.log) }));
    },
  );
});

describe('the exported serving graph', () => {
  for (const [name, model] of [
    ['SASRec', SasRec],
    ['BERT4Rec', Bert4Rec],
  ] as const)
    test(`of ${name} gives the model's scores in onnxruntime, for any number of histories`, async () => {
      const dataset = ring(20, 8, 6);
      const fitted = await model.fit(dataset, SMALL);
      const session = new OrtSession(await fitted.exportOnnx(), ['scores']);
      const positions = name === 'SASRec' ? SMALL.maxLength : SMALL.maxLength - 1;
      for (const histories of [[[1, 2, 3]], [[4], [0, 1, 2, 3, 4, 5], []]]) {
        const items = new Int32Array(histories.length * positions).fill(-1);
        for (const [row, history] of histories.entries())
          items.set(history, (row + 1) * positions - history.length);
        const { scores } = session.run({
          items: new OrtTensor('int32', items, [histories.length, positions]),
        });
        // So many that they are not served by the exported graph itself.
        const expected = await fitted.scoreAll(
          Array.from({ length: 60 }, (_, q) => ({ history: histories[q % histories.length] ?? [] })),
        );
        for (let k = 0; k < histories.length * 8; k++)
          expect(scores?.data[k]).toBeCloseTo(expected[k] as number, 4);
      }
    });
});

describe('few queries, which a session of its own answers,', () => {
  for (const [name, model] of [
    ['SASRec', SasRec],
    ['BERT4Rec', Bert4Rec],
  ] as const)
    test(`get the scores by ${name} that they get among many, long and empty histories too`, async () => {
      using fitted = await model.fit(ring(40, 12, 30), { ...SMALL, maxLength: 24 });
      const histories = Array.from({ length: 50 }, (_, q) =>
        Array.from({ length: q % 33 }, (_, k) => (q * 5 + k) % 12),
      );
      const many = await fitted.scoreAll(histories.map((history) => ({ history })));
      for (let from = 0; from < histories.length; from += 7) {
        const few = await fitted.scoreAll(histories.slice(from, from + 7).map((history) => ({ history })));
        for (const [k, value] of few.entries()) expect(value).toBeCloseTo(many[from * 12 + k] as number, 4);
      }
      expect(await fitted.scoreAll([{ history: [] }])).toEqual(fitted.favourites.scores);
      await expect(fitted.scoreAll([{ history: [12] }])).rejects.toThrow(/12/);
    });
});

describe('training goes on', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'palate-sequential-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  test('from a checkpoint to the numbers of an unbroken run', async () => {
    const dataset = ring(40, 10, 7);
    const options = { ...SMALL, epochs: 4, dropout: 0.2, seed: 5 };
    const whole = await SasRec.fit(dataset, options);
    const dir = join(folder, 'checkpoint');
    const controller = new AbortController();
    const stopped = SasRec.fit(dataset, {
      ...options,
      checkpoint: { dir },
      signal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase.startsWith('epoch 2 ')) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = await SasRec.fit(dataset, { ...options, checkpoint: { dir } });
    const queries = [{ history: [1, 2, 3] }];
    const [a, b] = [await whole.scoreAll(queries), await resumed.scoreAll(queries)];
    for (const [k, value] of a.entries()) expect(Math.abs((b[k] as number) - value)).toBeLessThan(1e-5);
  });
  test('and options that do not fit are refused', async () => {
    const dataset = ring(5, 5, 4);
    await expect(SasRec.fit(dataset, { loss: 'hinge' as never })).rejects.toThrow(
      /loss to be 'cross-entropy'/,
    );
    await expect(SasRec.fit(dataset, { maxlen: 3 } as never)).rejects.toThrow(/"maxlen"/);
    await expect(SasRec.fit(dataset, { validation: ring(5, 5, 4).log })).rejects.toThrow(
      /validation log to share the id maps/,
    );
    await expect(Bert4Rec.fit(dataset, { maskShare: 2 })).rejects.toThrow(/maskShare/);
    for (const model of [SasRec, Bert4Rec])
      await expect(model.fit(ring(5, 5, 1))).rejects.toThrow(/users with at least two interactions/);
  });
});
