import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeFrom } from '@palate/core';
import { settled } from '@palate/core/testing';
import type { EncoderParts } from '@palate/llm';
import { selectBackend } from '@palate/nn';
import { OrtSession, OrtTensor } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { inBatchInfoNce, inBatchTriplet } from '../../src/encoder/in-batch-losses.js';
import { BiEncoder, type BiEncoderOptions } from '../../src/index.js';
import { killedAndResumed } from './killed-and-resumed.js';
import { madeUpRequests, themeOf } from './made-up-requests.js';
import { tinyParts } from './tiny-parts.js';

const { pairs, texts } = madeUpRequests();
const SMALL: BiEncoderOptions = {
  pretrained: tinyParts(),
  batchSize: 8,
  epochs: 12,
  learningRate: 0.02,
  warmUpSteps: 0,
  dropout: 0,
  patience: 12,
  requestTokens: 16,
  itemTokens: 16,
};

beforeAll(async () => {
  await selectBackend('ort');
});

const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-bi-')), 'model');

/** Share of requests whose nearest item is of their theme. */
async function found(encoder: BiEncoder): Promise<number> {
  const requests = [...new Set(pairs.requests.map(({ text }) => text))];
  const { data: q, width } = await encoder.encode(requests);
  const { data: d } = await encoder.encode(texts);
  const hits = requests.filter((text, r) => {
    const scores = texts.map((_, i) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (q[r * width + k] as number) * (d[i * width + k] as number);
      return sum;
    });
    return themeOf(texts[scores.indexOf(Math.max(...scores))] as string) === themeOf(text);
  });
  return hits.length / requests.length;
}

describe('losses in a batch', () => {
  const unit = (rows: number[][]) =>
    tf.tensor2d(rows.map((row) => row.map((value) => value / Math.hypot(...row))));
  const query = () =>
    unit([
      [1, 0],
      [0, 1],
      [1, 1],
    ]);
  const key = () =>
    unit([
      [1, 0.2],
      [1, 0],
      [0, 1],
    ]);
  // Row 0 has both others as negatives, row 1 the last one, row 2 none.
  const mask = [
    [0, 1, 1],
    [0, 0, 1],
    [0, 0, 0],
  ];

  test('triplet: the mean of max(0, d(q, p) - d(q, n) + margin) over the pairs that are negatives', async () => {
    const [q, p] = [await query().array(), await key().array()];
    const d = (a: number[], b: number[]) => 3 * Math.hypot(...a.map((value, k) => value - (b[k] as number)));
    const terms = mask.flatMap((row, i) =>
      row.flatMap((open, j) =>
        open
          ? [Math.max(0, d(q[i] as number[], p[i] as number[]) - d(q[i] as number[], p[j] as number[]) + 0.7)]
          : [],
      ),
    );
    const expected = terms.reduce((sum, term) => sum + term, 0) / terms.length;
    const loss = inBatchTriplet(query(), key(), tf.tensor2d(mask), 0.7, 3);
    expect((await loss.data())[0]).toBeCloseTo(expected, 3);
  });

  test('InfoNCE: false negatives do not compete', async () => {
    const [q, p] = [await query().array(), await key().array()];
    const dot = (a: number[], b: number[]) =>
      a.reduce((sum, value, k) => sum + value * (b[k] as number), 0) / 0.5;
    const expected =
      mask
        .map((row, i) => {
          const own = dot(q[i] as number[], p[i] as number[]);
          const all = row.reduce(
            (sum, open, j) => sum + (open ? Math.exp(dot(q[i] as number[], p[j] as number[])) : 0),
            Math.exp(own),
          );
          return Math.log(all) - own;
        })
        .reduce((sum, term) => sum + term, 0) / 3;
    const loss = inBatchInfoNce(query(), key(), tf.tensor2d(mask), 0.5);
    expect((await loss.data())[0]).toBeCloseTo(expected, 3);
  });
});

describe('a bi-encoder', () => {
  test.each([
    ['triplet', {}],
    ['triplet', { negatives: 'shuffled' }],
    ['info-nce', {}],
  ] as const)('learns by %s %o what people mean, of users it was not trained on too', async (loss, more) => {
    using untrained = await BiEncoder.fit(pairs, { ...SMALL, epochs: 1, learningRate: 0 });
    using trained = await BiEncoder.fit(pairs, { ...SMALL, loss, ...more });
    expect(await found(untrained)).toBeLessThan(0.5);
    expect(await found(trained)).toBeGreaterThan(0.75);
    const ndcg = trained.history.map(({ metrics }) => metrics['ndcg@10'] as number);
    expect(Math.max(...ndcg)).toBeGreaterThan((ndcg[0] as number) + 0.1);
  });

  test('trains the upper part alone where told so', async () => {
    const parts = tinyParts();
    using encoder = await BiEncoder.fit(pairs, { ...SMALL, tuned: 'upper', epochs: 2 });
    const weights = await encoder.weights();
    for (const name of ['frequencies', 'words', 'attention'])
      expect(weights[name]?.values).toEqual(parts.weights[name]?.values);
    expect(weights.top?.values).not.toEqual(parts.weights.top?.values);
    const dir = folder();
    await encoder.save(dir);
    using again = await BiEncoder.load(dir, { pretrained: parts });
    expect((await again.encode(['a heist'])).data).toEqual((await encoder.encode(['a heist'])).data);
  });

  test.each(['batch', 'catalogue'] as const)(
    'trains the head alone over means that a folder keeps, against the %s',
    async (negatives) => {
      const parts = tinyParts();
      let runs = 0;
      const counted: EncoderParts = {
        ...parts,
        running: (weights) => {
          const own = parts.running(weights);
          return {
            ...own,
            states: (...given) => {
              runs++;
              return own.states(...given);
            },
          };
        },
      };
      const cacheDir = join(mkdtempSync(join(tmpdir(), 'palate-means-')), 'means');
      const options = { ...SMALL, pretrained: counted, tuned: 'head', loss: 'info-nce', cacheDir } as const;
      using untrained = await BiEncoder.fit(pairs, { ...options, negatives, epochs: 1, learningRate: 0 });
      // The head of a mean is what the whole encoder gives.
      using whole = await BiEncoder.fit(pairs, { ...SMALL, pretrained: parts, epochs: 1, learningRate: 0 });
      const [a, b] = [await untrained.encode(texts), await whole.encode(texts)];
      for (const [k, value] of a.data.entries()) expect(value).toBeCloseTo(b.data[k] as number, 5);
      const before = runs;
      using trained = await BiEncoder.fit(pairs, { ...options, negatives });
      expect(runs).toBe(before);
      const losses = trained.history.map(({ loss }) => loss);
      expect(losses.at(-1)).toBeLessThan((losses[0] as number) - 0.1);
      if (negatives === 'batch') expect(await found(trained)).toBeGreaterThan((await found(untrained)) + 0.1);
      const weights = await trained.weights();
      for (const name of ['words', 'attention'])
        expect(weights[name]?.values).toEqual(parts.weights[name]?.values);
      const dir = folder();
      await trained.save(dir);
      using again = await BiEncoder.load(dir, { pretrained: parts });
      expect((await again.encode(texts)).data).toEqual((await trained.encode(texts)).data);
    },
  );

  test('refuses the catalogue where the layers are trained, and the head of an encoder that has none', async () => {
    await expect(BiEncoder.fit(pairs, { ...SMALL, negatives: 'catalogue' })).rejects.toThrow(/tuned: 'head'/);
    const parts = tinyParts();
    const headless = { ...parts, names: { ...parts.names, head: [] } };
    await expect(BiEncoder.fit(pairs, { ...SMALL, pretrained: headless, tuned: 'head' })).rejects.toThrow(
      /whose mean is its vector/,
    );
  });

  test('is the same for the same seed, and after a kill goes on to the same weights', async () => {
    const options = { ...SMALL, epochs: 3, dropout: 0.1, seed: 4 };
    using whole = await BiEncoder.fit(pairs, options);
    using twin = await BiEncoder.fit(pairs, options);
    expect(twin.id).toBe(whole.id);
    using resumed = await killedAndResumed(8, (more) => BiEncoder.fit(pairs, { ...options, ...more }));
    expect(resumed.id).toBe(whole.id);
    using other = await BiEncoder.fit(pairs, { ...options, seed: 5 });
    expect(other.id).not.toBe(whole.id);
  });

  test('comes back from a folder with its vectors and what it knows, and frees its weights', async () => {
    const before = await settled(() => tf.memory().numTensors);
    const dir = folder();
    const encoder = await BiEncoder.fit(pairs, { ...SMALL, epochs: 1 });
    await encoder.save(dir);
    const loaded = await BiEncoder.load(dir, { pretrained: tinyParts() });
    expect(loaded.id).toBe(encoder.id);
    expect(loaded.provenance).toEqual(madeFrom({ log: 'made up' }));
    const vectors = await encoder.encode(['a heist', '', 'robbers']);
    expect((await loaded.encode(['a heist', '', 'robbers'])).data).toEqual(vectors.data);
    for (let row = 0; row < 3; row++)
      expect(
        Math.hypot(...vectors.data.subarray(row * vectors.width, (row + 1) * vectors.width)),
      ).toBeCloseTo(1, 5);
    await expect(BiEncoder.load(dir, { pretrained: tinyParts(6) })).rejects.toThrow(/tiny@5/);
    encoder.dispose();
    loaded.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await expect(loaded.encode(['a desert'])).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('leaves as an ONNX file that gives the same vectors to a batch of any size', async () => {
    using encoder = await BiEncoder.fit(pairs, { ...SMALL, epochs: 1, requestTokens: 6 });
    const session = new OrtSession(await encoder.exportOnnx(), ['vectors']);
    const sentences = ['please something with robbers', 'a desert film'];
    const rows = sentences.map((text) => [...tinyParts().tokenize(text)]);
    const ids = Int32Array.from(rows.flatMap((row) => Array.from({ length: 6 }, (_, k) => row[k] ?? 0)));
    const present = Float32Array.from(
      rows.flatMap((row) => Array.from({ length: 6 }, (_, k) => (k < row.length ? 1 : 0))),
    );
    const { vectors } = session.run({
      ids: new OrtTensor('int32', ids, [2, 6]),
      present: new OrtTensor('float32', present, [2, 6]),
    });
    const { data } = await encoder.encode(sentences);
    for (const [k, value] of data.entries()) expect(vectors?.data[k]).toBeCloseTo(value, 4);
  });

  test('refuses data and settings that do not fit', async () => {
    await expect(BiEncoder.fit(pairs, { ...SMALL, itemTokens: 65 })).rejects.toThrow(/at most 64 tokens/);
    await expect(BiEncoder.fit(pairs, { ...SMALL, loss: 'hinge' as never })).rejects.toThrow(/triplet/);
    await expect(BiEncoder.fit(pairs, { ...SMALL, pretrained: {} as never })).rejects.toThrow(
      /parts of an encoder/,
    );
    const one = { ...pairs, request: pairs.request.slice(0, 1), item: pairs.item.slice(0, 1) };
    await expect(BiEncoder.fit(one, { ...SMALL, validationShare: 0 })).rejects.toThrow(/two requests/);
  });
});
