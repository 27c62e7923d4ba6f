import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, IdMap, RandomStream } from '@palate/core';
import { wordTokens } from '@palate/llm';
import { ForwardPass, selectBackend, T5, t5Config } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { HistoryVectors, Uem, type UemExample } from '../src/index.js';
import { PromptNetwork } from '../src/model/prompt-network.js';
import { UEM } from '../src/model/uem-options.js';
import { type InputScale, inputScale } from '../src/module/input-scale.js';

const SMALL = {
  historyLength: 3,
  width: 8,
  heads: 2,
  inner: 8,
  layers: 1,
  taskTokens: 2,
  modelWidth: 16,
  modelHeads: 2,
  modelLayers: 1,
  dropout: 0,
  batchSize: 4,
} as const;
const random = new RandomStream(4);
const catalog = new Catalog({
  items: new IdMap(['a', 'b', 'c']),
  text: { title: ['x', 'y', 'z'], description: ['', '', ''] },
});
const encoder = {
  id: 'noise',
  width: 5,
  encode: async (texts: readonly string[]) => ({
    data: Float32Array.from({ length: texts.length * 5 }, () => random.normal()),
    width: 5,
    truncated: 0,
  }),
};
let vectors: HistoryVectors;
const EXAMPLES: UemExample[] = Array.from({ length: 12 }, (_, k) => ({
  history: { items: [k % 3, (k + 1) % 3], ratings: [1, 5] },
  text: 'which one',
  answer: ['first', 'second', 'third'][k % 3] as string,
}));

beforeAll(async () => {
  await selectBackend('ort');
  vectors = await HistoryVectors.encode(catalog, { encoder, ratings: [1, 5], scale: { min: 1, max: 5 } });
});

const tiny = (seed: number): T5 =>
  new T5(
    t5Config(
      { vocab_size: 9, d_model: 16, d_kv: 8, d_ff: 16, num_layers: 1, num_heads: 2, dropout_rate: 0 },
      'test',
    ),
    seed,
  );

/** Gradients of one step by name. */
function gradients(network: PromptNetwork): Record<string, number> {
  return tf.tidy(() => {
    const rows = tf.tensor3d(
      Float32Array.from({ length: 2 * 3 * 15 }, () => random.normal()),
      [2, 3, 15],
    );
    const present = tf.tensor2d([1, 1, 0, 1, 1, 1], [2, 3]);
    const positions = tf.tensor2d([1, 0, 0, 2, 1, 0], [2, 3], 'int32');
    const ids = tf.tensor2d([3, 4, 1, 5, 1, 0], [2, 3], 'int32');
    const parameters = network.allParameters.flatMap((each) =>
      each.names.map((name) => [name, each.get(name)] as const),
    );
    const { grads } = tf.variableGrads(
      () => {
        const pass = ForwardPass.inference();
        return network.loss(
          network.prompts({ rows, present, positions }, pass),
          { ids, present: tf.tensor2d([1, 1, 1, 1, 1, 0], [2, 3]) },
          {
            decoderIds: tf.tensor2d([0, 6, 0, 7], [2, 2], 'int32'),
            labels: tf.tensor2d([6, 1, 7, 1], [2, 2], 'int32'),
            labelWeights: tf.ones([2, 2]),
          },
          pass,
        );
      },
      parameters.map(([, variable]) => variable),
    );
    return Object.fromEntries(
      parameters.map(([name, variable]) => {
        const gradient = grads[variable.name];
        return [name, gradient ? (tf.sum(tf.abs(gradient)).dataSync()[0] as number) : 0];
      }),
    );
  });
}

test('gradients reach language model, module and task tokens', () => {
  using network = new PromptNetwork(tiny(1), 15, UEM.settings({ ...SMALL }), 1);
  const sizes = gradients(network);
  const matrices = Object.keys(sizes).filter((name) =>
    /^uem\..*(kernel|table)$|^uem\.task$|^shared\.weight$/.test(name),
  );
  expect(matrices.length).toBeGreaterThan(8);
  for (const name of matrices) expect(sizes[name], name).toBeGreaterThan(0);
});

test('each text is centred on its mean and brought to a mean square of 1', () => {
  // Titles (1, 0), (0, 1), (1, 1): mean (2/3, 2/3), squares of what is left 2/3 each, 4/3 of six values. Ratings (1, 0), (.8, 0)
  // beside no rating, which does not count: mean (.9, 0), squares .02 of four values. Descriptions say nothing.
  const given = {
    textWidth: 2,
    titles: Float32Array.of(1, 0, 0, 1, 1, 1),
    ratings: Float64Array.of(1, 5),
    ratingTexts: Float32Array.of(1, 0, 0.8, 0, 9, 9),
    descriptions: Float32Array.of(0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
  } as HistoryVectors;
  const { centre, scale } = inputScale(given);
  for (const [k, value] of [2 / 3, 2 / 3, 0.9, 0, 0.5, 0.5].entries())
    expect(centre[k]).toBeCloseTo(value, 6);
  const [title, rating] = [Math.sqrt(6 / (4 / 3)), Math.sqrt(4 / 0.02)];
  for (const [k, value] of [title, title, rating, rating, 1, 1].entries())
    expect((scale[k] as number) / value).toBeCloseTo(1, 5);
});

test('ratings whose texts are nearly alike are told apart from the start', async () => {
  // All ratings share one axis; a hundredth of their length tells them apart, as of sentences that differ by a word.
  const alike = await HistoryVectors.encode(catalog, {
    encoder: {
      id: 'alike',
      width: 3,
      encode: async (texts) => ({
        data: Float32Array.from(
          texts.flatMap((text) => [1, /loved/.test(text) ? 0.01 : 0, /x/.test(text) ? 1 : 0]),
        ),
        width: 3,
        truncated: 0,
      }),
    },
    ratings: [1, 5],
    scale: { min: 1, max: 5 },
  });
  /** How far apart the module's tokens of one item are, hated and loved, as a share of their length. */
  const distance = (scale?: InputScale): number => {
    using network = new PromptNetwork(tiny(4), alike.width, UEM.settings({ ...SMALL }), 1, scale);
    const [hated, loved] = tf.tidy(() =>
      [1, 5].map((rating) => {
        const rows = tf.tensor3d(alike.rows({ items: [0], ratings: [rating] }), [1, 1, alike.width]);
        const history = { rows, present: tf.ones([1, 1]), positions: tf.zeros([1, 1], 'int32') };
        return network.prompts(history, ForwardPass.inference())?.tokens.dataSync();
      }),
    ) as [Float32Array, Float32Array];
    return Math.hypot(...hated.map((value, k) => value - (loved[k] as number))) / Math.hypot(...hated);
  };
  expect(distance()).toBeLessThan(0.1);
  expect(distance(inputScale(alike))).toBeGreaterThan(0.5);
});

test('the encoder reads task tokens, soft prompt and text, in this order, and masks what is not there', () => {
  using network = new PromptNetwork(tiny(2), 15, UEM.settings({ ...SMALL }), 1);
  const { length, present } = tf.tidy(() => {
    const encoded = network.encode(
      { tokens: tf.zeros([1, 3, 16]), present: tf.tensor2d([1, 0, 0], [1, 3]) },
      { ids: tf.tensor2d([5, 1], [1, 2], 'int32'), present: tf.ones([1, 2]) },
      ForwardPass.inference(),
    );
    return { length: encoded.states.shape[1], present: Array.from(encoded.present.dataSync()) };
  });
  expect(length).toBe(2 + 3 + 2);
  expect(present).toEqual([1, 1, 1, 0, 0, 1, 1]);
});

test('a frozen language model stays as it is, and the rest learns', async () => {
  const t5 = tiny(3);
  const before = Array.from(t5.parameters.get('shared.weight').dataSync());
  const words = ['which', 'one', 'first', 'second', 'third'];
  const tokens = wordTokens([words.join(' ')]);
  using uem = await Uem.fit(EXAMPLES, vectors, {
    ...SMALL,
    languageModel: t5,
    tokens,
    frozen: true,
    epochs: 3,
    learningRate: 0.1,
  });
  expect(Array.from(t5.parameters.get('shared.weight').dataSync())).toEqual(before);
  expect(uem.history.at(-1)?.loss).toBeLessThan(uem.history[0]?.loss as number);
  expect(uem.parameterCounts.trained).toBeLessThan(uem.parameterCounts.all);
});

test('a fit that was cancelled goes on to the numbers of an unbroken one', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'uem-resume-'));
  const options = { ...SMALL, epochs: 4, seed: 5, learningRate: 1e-2 };
  using whole = await Uem.fit(EXAMPLES, vectors, options);
  const controller = new AbortController();
  const broken = Uem.fit(EXAMPLES, vectors, {
    ...options,
    checkpoint: { dir, everySteps: 1 },
    signal: controller.signal,
    onProgress: ({ phase }) => {
      if (phase.startsWith('epoch 2')) controller.abort();
    },
  });
  await expect(broken).rejects.toMatchObject({ code: 'cancelled' });
  using resumed = await Uem.fit(EXAMPLES, vectors, { ...options, checkpoint: { dir, everySteps: 1 } });
  expect(resumed.history.map(({ loss }) => loss)).toEqual(whole.history.map(({ loss }) => loss));
  const answers = EXAMPLES.map(({ answer }) => answer);
  expect(await resumed.logLikelihoods(EXAMPLES, answers)).toEqual(
    await whole.logLikelihoods(EXAMPLES, answers),
  );
  await rm(dir, { recursive: true });
});

test('validation keeps the best weights, and its mean likelihood is that of the model', async () => {
  using uem = await Uem.fit(EXAMPLES, vectors, {
    ...SMALL,
    epochs: 3,
    learningRate: 1e-2,
    validation: EXAMPLES.slice(0, 5),
  });
  const scores = await uem.logLikelihoods(
    EXAMPLES.slice(0, 5),
    EXAMPLES.slice(0, 5).map(({ answer }) => answer),
  );
  const mean = scores.reduce((sum, value) => sum + value, 0) / 5;
  const best = Math.max(...uem.history.map(({ metrics }) => metrics['log-likelihood'] as number));
  expect(mean).toBeCloseTo(best, 4);
});

test('a model without histories reads the text alone', async () => {
  using uem = await Uem.fit(EXAMPLES, vectors, { ...SMALL, historyLength: 0, epochs: 1 });
  const [a, b] = await uem.logLikelihoods([EXAMPLES[0], EXAMPLES[1]] as UemExample[], ['first', 'first']);
  expect(a).toBeCloseTo(b as number, 5);
  await expect(uem.softPrompts([{ items: [0] }])).rejects.toThrow(/reads histories/);
});

test('texts that are cut are counted', async () => {
  using uem = await Uem.fit(EXAMPLES, vectors, { ...SMALL, epochs: 1, inputTokens: 4 });
  expect(uem.cutTexts).toEqual({ inputs: 0, answers: 0 });
  await uem.answer([{ text: 'which one of all these many' }]);
  expect(uem.cutTexts.inputs).toBe(1);
});

test('what does not fit is refused with its place', async () => {
  await expect(Uem.fit([], vectors)).rejects.toThrow(/examples/);
  await expect(
    Uem.fit([{ history: { items: [3] }, text: 'x', answer: 'y' }], vectors, SMALL),
  ).rejects.toThrow(/0 to 2 in question 0/);
  await expect(
    Uem.fit([{ history: { items: [0], ratings: [] }, text: 'x', answer: 'y' }], vectors, SMALL),
  ).rejects.toThrow(/1 ratings/);
  await expect(Uem.fit(EXAMPLES, vectors, { ...SMALL, layers: 0 })).rejects.toThrow(/layers/);
  await expect(Uem.fit(EXAMPLES, vectors, { ...SMALL, depth: 2 } as never)).rejects.toThrow(/depth/);
  const tokens = wordTokens(['one two three four five six seven']);
  await expect(Uem.fit(EXAMPLES, vectors, { ...SMALL, languageModel: tiny(1), tokens })).rejects.toThrow(
    /vocabulary/,
  );
  await expect(HistoryVectors.encode(catalog, { encoder, ratings: [1] })).rejects.toThrow(/scale/);
  await expect(HistoryVectors.encode(catalog, { encoder, descriptionFields: ['plot'] })).rejects.toThrow(
    /plot/,
  );
});
