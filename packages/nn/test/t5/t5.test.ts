import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { settled } from '@palate/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ForwardPass,
  generate,
  selectBackend,
  sequenceLoss,
  T5,
  TokenTrie,
  t5Config,
} from '../../src/index.js';
import { DecoderSteps } from '../../src/t5/decoder-steps.js';

const FOLDER = fileURLToPath(new URL('../fixtures/t5-tiny-gated', import.meta.url));
/** Outputs of PyTorch through transformers 5.18.0 on the same weights and inputs. */
const expected = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8'));
const inputs = expected.input_ids as number[][];
const present = expected.attention_mask as number[][];
const labels = expected.labels as number[][];
const realInputs = inputs.map((row, r) => row.filter((_, k) => present[r]?.[k] === 1));

let model: T5;
beforeAll(async () => {
  await selectBackend('ort');
  model = await T5.load(FOLDER);
});
afterAll(() => model.parameters.dispose());

const pairs = () => {
  const length = labels[0]?.length as number;
  const flat = Int32Array.from(labels.flat());
  return {
    inputIds: tf.tensor2d(inputs, undefined, 'int32'),
    present: tf.tensor2d(present, undefined, 'float32'),
    decoderIds: tf.tensor2d(model.shiftRight(flat, length), [labels.length, length], 'int32'),
    labels: tf.tensor2d(
      flat.map((label) => Math.max(0, label)),
      [labels.length, length],
      'int32',
    ),
    labelWeights: tf.tensor2d(
      Float32Array.from(flat, (label) => (label === -100 ? 0 : 1)),
      [labels.length, length],
    ),
  };
};

function worstDifference(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(actual.length).toBe(wanted.length);
  let worst = 0;
  for (let k = 0; k < wanted.length; k++)
    worst = Math.max(worst, Math.abs((actual[k] as number) - (wanted[k] as number)));
  return worst;
}

describe('equal to PyTorch', () => {
  test('encoder states and logits to 1e-4', () => {
    tf.tidy(() => {
      const batch = pairs();
      const encoded = model.encode(batch.inputIds, batch.present, ForwardPass.inference());
      expect(
        worstDifference(
          encoded.states.dataSync(),
          (expected.encoder_last_hidden_state as number[][][]).flat(2),
        ),
      ).toBeLessThan(1e-4);
      const logits = model.logits(model.decode(batch.decoderIds, encoded, ForwardPass.inference()));
      expect(worstDifference(logits.dataSync(), (expected.logits as number[][][]).flat(2))).toBeLessThan(
        1e-4,
      );
    });
  });

  test('loss, and the norm of the gradient of every parameter', () => {
    tf.tidy(() => {
      const batch = pairs();
      const variables = model.parameters.names.map((name) => model.parameters.get(name));
      const { value, grads } = tf.variableGrads(
        () => sequenceLoss(model, batch, ForwardPass.inference()),
        variables,
      );
      expect(value.dataSync()[0]).toBeCloseTo(expected.loss, 3);
      const norms = expected.grad_norms as Record<string, number>;
      expect(Object.keys(norms).sort()).toEqual([...model.parameters.names].sort());
      for (const [name, norm] of Object.entries(norms)) {
        const gradient = grads[model.parameters.get(name).name] as tf.Tensor;
        const own = Math.sqrt(tf.sum(tf.square(gradient)).dataSync()[0] as number);
        expect(Math.abs(own - norm) / norm, name).toBeLessThan(1e-3);
      }
    });
  });

  test('beam search: sequences exactly, scores to 1e-4', async () => {
    const {
      num_beams: beams,
      max_new_tokens: maxTokens,
      length_penalty: lengthPenalty,
      sequences,
      sequences_scores: scores,
    } = expected.beam_search;
    const found = await generate(model, realInputs, { beams, sequences: beams, maxTokens, lengthPenalty });
    const flat = found.flat();
    expect(flat.map(({ tokens }) => tokens)).toEqual(
      (sequences as number[][]).map((row) => {
        const tokens = row.slice(1);
        const end = tokens.indexOf(model.config.eos_token_id);
        return end < 0 ? tokens : tokens.slice(0, end + 1);
      }),
    );
    expect(
      worstDifference(
        flat.map(({ score }) => score),
        scores,
      ),
    ).toBeLessThan(1e-4);
  });
});

test('decoding step by step with a cache gives the log-probabilities of decoding at once', () => {
  tf.tidy(() => {
    const batch = pairs();
    const encoded = model.encode(batch.inputIds, batch.present, ForwardPass.inference());
    const whole = tf
      .logSoftmax(model.logits(model.decode(batch.decoderIds, encoded, ForwardPass.inference())))
      .arraySync() as number[][][];
    const ids = batch.decoderIds.arraySync() as number[][];
    const steps = new DecoderSteps(model, () => encoded, ids[0]?.length as number);
    for (let at = 0; at < (ids[0]?.length as number); at++) {
      const next = steps.next(
        Int32Array.from(ids, (row) => row[at] as number),
        Int32Array.of(0, 1, 2),
      );
      expect(
        worstDifference(
          next,
          whole.flatMap((row) => row[at] as number[]),
        ),
      ).toBeLessThan(1e-4);
    }
    steps.dispose();
  });
});

test('beams look at one copy of their input, and inputs can be left out on the way', () => {
  tf.tidy(() => {
    const batch = pairs();
    const encoded = model.encode(batch.inputIds, batch.present, ForwardPass.inference());
    const inputs = encoded.states.shape[0] as number;
    const { num_decoder_layers, num_heads, d_kv, decoder_start_token_id, vocab_size } = model.config;
    const rowOf = (numbers: Float32Array, row: number): Float32Array =>
      numbers.subarray(row * vocab_size, (row + 1) * vocab_size);
    const fed = (rows: number) => new Int32Array(rows).fill(decoder_start_token_id);
    const [one, four] = [1, 4].map(() => new DecoderSteps(model, () => encoded, 2)) as [
      DecoderSteps,
      DecoderSteps,
    ];
    const bytesOf = (steps: DecoderSteps, rows: number): number => {
      const before = tf.memory().numBytes;
      steps.next(fed(rows));
      return tf.memory().numBytes - before;
    };
    // What grows is the past of each row, not what it reads.
    expect(bytesOf(four, 4 * inputs) - bytesOf(one, inputs)).toBe(
      3 * inputs * num_decoder_layers * 2 * num_heads * 2 * d_kv * 4,
    );
    const second = [5, 9, 12, 30];
    const beams = four.next(
      Int32Array.from({ length: 4 * inputs }, (_, row) => second[row % 4] as number),
      Int32Array.from({ length: 4 * inputs }, (_, row) => row - (row % 4)),
    );
    // The last input alone, its one row continued four times.
    one.narrow(Int32Array.of(inputs - 1));
    const alone = one.next(Int32Array.from(second), new Int32Array(4).fill(inputs - 1));
    for (let beam = 0; beam < 4; beam++)
      expect(worstDifference(rowOf(alone, beam), rowOf(beams, 4 * (inputs - 1) + beam))).toBeLessThan(1e-4);
    one.dispose();
    four.dispose();
  });
});

test('decoding beyond the first tokens, where the past doubles, is still decoding at once', () => {
  tf.tidy(() => {
    const length = 11;
    const ids = Int32Array.from({ length }, (_, k) => (k === 0 ? 0 : 2 + ((k * 7) % 70)));
    const input = tf.tensor2d([realInputs[0] as number[]], undefined, 'int32');
    const encoded = model.encode(input, tf.onesLike(input), ForwardPass.inference());
    const decoded = model.decode(tf.tensor2d(ids, [1, length], 'int32'), encoded, ForwardPass.inference());
    const whole = (tf.logSoftmax(model.logits(decoded)).arraySync() as number[][][])[0] as number[][];
    const wanted = Int32Array.of(3, 60, 7);
    const steps = [0, 1, 2].map(() => new DecoderSteps(model, () => encoded, length));
    for (let at = 0; at < length; at++) {
      const row = whole[at] as number[];
      const fed = ids.slice(at, at + 1);
      expect(worstDifference(steps[0]?.next(fed) ?? [], row)).toBeLessThan(1e-4);
      const among = steps[1]?.nextAmong(fed, undefined, wanted, true) ?? [];
      expect(
        worstDifference(
          among,
          Array.from(wanted, (token) => row[token] as number),
        ),
      ).toBeLessThan(1e-4);
      const best = steps[2]?.nextBest(fed, undefined, 5);
      const sorted = [...row].sort((a, b) => b - a).slice(0, 5);
      expect(worstDifference(best?.scores ?? [], sorted)).toBeLessThan(1e-4);
    }
    for (const each of steps) each.dispose();
  });
});

describe('generation', () => {
  test('one beam is greedy, and greedy is the likeliest token each time', async () => {
    const [greedy] = await generate(model, realInputs.slice(0, 1), { maxTokens: 5 });
    const [same] = await generate(model, realInputs.slice(0, 1), {
      maxTokens: 5,
      sample: true,
      topK: 1,
      seed: 9,
    });
    expect(same?.[0]?.tokens).toEqual(greedy?.[0]?.tokens);
  });

  test('drawing repeats by seed and obeys top-k, top-p and temperature', async () => {
    const draw = async (options: object): Promise<string> =>
      JSON.stringify(
        (await generate(model, realInputs, { maxTokens: 6, sample: true, ...options })).map(
          (list) => list[0]?.tokens,
        ),
      );
    expect(await draw({ seed: 1, temperature: 5 })).toBe(await draw({ seed: 1, temperature: 5 }));
    expect(await draw({ seed: 1, temperature: 5 })).not.toBe(await draw({ seed: 2, temperature: 5 }));
    const greedy = JSON.stringify(
      (await generate(model, realInputs, { maxTokens: 6 })).map((list) => list[0]?.tokens),
    );
    expect(await draw({ seed: 3, topP: 0 })).toBe(greedy);
    expect(await draw({ seed: 3, temperature: 1e-4 })).toBe(greedy);
  });

  test('a tree of sequences bounds what is generated; beams find its best members', async () => {
    const allowed = [[5, 9], [5, 12, 30], [72, 3], [44]];
    const trie = new TokenTrie(allowed, model.config.eos_token_id);
    const [found] = await generate(model, realInputs.slice(0, 1), {
      beams: 4,
      sequences: 4,
      maxTokens: 5,
      lengthPenalty: 0,
      allowed: trie.allowed,
    });
    const withoutEnd = found?.map(({ tokens }) => tokens.slice(0, -1)) ?? [];
    expect(withoutEnd.map(String).sort()).toEqual(allowed.map(String).sort());
    // Brute force: the sum of log-probabilities of each sequence with its end token.
    const scored = allowed.map((tokens) =>
      tf.tidy(() => {
        const full = [...tokens, model.config.eos_token_id];
        const input = tf.tensor2d([realInputs[0] as number[]], undefined, 'int32');
        const encoded = model.encode(input, tf.onesLike(input), ForwardPass.inference());
        const ids = tf.tensor2d([[model.config.decoder_start_token_id, ...tokens]], undefined, 'int32');
        const rows = tf
          .logSoftmax(model.logits(model.decode(ids, encoded, ForwardPass.inference())))
          .arraySync() as number[][][];
        return {
          tokens,
          score: full.reduce((sum, token, at) => sum + (rows[0]?.[at]?.[token] as number), 0),
        };
      }),
    );
    scored.sort((a, b) => b.score - a.score);
    expect(withoutEnd).toEqual(scored.map(({ tokens }) => tokens));
    expect(
      worstDifference(
        found?.map(({ score }) => score) ?? [],
        scored.map(({ score }) => score),
      ),
    ).toBeLessThan(1e-3);
  });

  test('options that do not fit are refused, and a signal stops it', async () => {
    await expect(generate(model, realInputs, { beams: 2, sample: true })).rejects.toThrow(
      /either beams or sample/,
    );
    await expect(generate(model, realInputs, { beams: 2, sequences: 3 })).rejects.toThrow(/sequences/);
    await expect(generate(model, realInputs, { allowed: () => [] })).rejects.toThrow(
      /at least one allowed token/,
    );
    await expect(generate(model, realInputs, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(await generate(model, [])).toEqual([]);
  });

  test('no tensor is left behind', async () => {
    await generate(model, realInputs, { beams: 3, maxTokens: 4 });
    const before = await settled(() => tf.memory().numTensors);
    await generate(model, realInputs, { beams: 3, maxTokens: 4 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('v1.0 with ReLU and untied output vectors trains: the loss of one pair falls', () => {
  const small = new T5(
    t5Config(
      {
        vocab_size: 20,
        d_model: 8,
        d_kv: 4,
        d_ff: 16,
        num_layers: 1,
        num_heads: 2,
        dropout_rate: 0,
        tie_word_embeddings: false,
      },
      'x',
    ),
    3,
  );
  expect(small.parameters.names).toContain('lm_head.weight');
  expect(small.parameters.names).toContain('encoder.block.0.layer.1.DenseReluDense.wi.weight');
  const variables = small.parameters.names.map((name) => small.parameters.get(name));
  const losses = Array.from({ length: 12 }, () =>
    tf.tidy(() => {
      const batch = {
        inputIds: tf.tensor2d([[4, 5, 1]], undefined, 'int32'),
        present: tf.ones([1, 3]),
        decoderIds: tf.tensor2d([[0, 7]], undefined, 'int32'),
        labels: tf.tensor2d([[7, 1]], undefined, 'int32'),
        labelWeights: tf.ones([1, 2]),
      };
      const { value, grads } = tf.variableGrads(
        () => sequenceLoss(small, batch, ForwardPass.inference()),
        variables,
      );
      for (const variable of variables)
        variable.assign(tf.sub(variable, tf.mul(grads[variable.name] as tf.Tensor, 0.05)));
      return value.dataSync()[0] as number;
    }),
  );
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.8);
  small.parameters.dispose();
});
