import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeSafetensors, encodeSafetensors, type TensorData } from '@palate/core';
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
let scratch: string;
beforeAll(async () => {
  await selectBackend('ort');
  model = await T5.load(FOLDER);
  scratch = await mkdtemp(join(tmpdir(), 'palate-t5-'));
});
afterAll(async () => {
  model.parameters.dispose();
  await rm(scratch, { recursive: true, force: true });
});

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
    const steps = new DecoderSteps(model, encoded, ids[0]?.length as number);
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
    const [one, four] = [1, 4].map(() => new DecoderSteps(model, encoded, 2)) as [DecoderSteps, DecoderSteps];
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
    const steps = [0, 1, 2].map(() => new DecoderSteps(model, encoded, length));
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

describe('folders', () => {
  test('a saved model loads with the same numbers', async () => {
    const dir = join(scratch, 'copy');
    await model.save(dir);
    await model.save(dir);
    const again = await T5.load(dir);
    expect(await again.parameters.values()).toEqual(await model.parameters.values());
    expect(again.config).toMatchObject({
      d_model: 32,
      feed_forward_proj: 'gated-gelu',
      scale_decoder_outputs: false,
    });
    again.parameters.dispose();
  });

  test('missing, damaged and foreign folders are refused', async () => {
    await expect(T5.load(join(scratch, 'none'))).rejects.toThrow(/the file config.json/);
    const dir = join(scratch, 'broken');
    await cp(FOLDER, dir, { recursive: true });
    await truncate(join(dir, 'model.safetensors'), 1000);
    await expect(T5.load(dir)).rejects.toMatchObject({ code: 'artifact' });
    await cp(FOLDER, dir, { recursive: true, force: true });
    await writeFile(join(dir, 'config.json'), JSON.stringify({ ...model.config, d_model: 64 }));
    await expect(T5.load(dir)).rejects.toThrow(/the weight shared.weight of shape \[200, 64\]/);
    expect(() => t5Config({ model_type: 'bert' }, 'x')).toThrow(/model_type "t5"/);
    expect(() => t5Config({ vocab_size: 3 }, 'x')).toThrow(/d_model/);
  });

  test('a model saved back into its folder leaves the tokenizer there; folders of something else are refused', async () => {
    const dir = join(scratch, 'tuned');
    await cp(FOLDER, dir, { recursive: true });
    await writeFile(join(dir, 'tokenizer.json'), '{"kept":true}');
    await model.save(dir);
    expect(await readFile(join(dir, 'tokenizer.json'), 'utf8')).toBe('{"kept":true}');
    const again = await T5.load(dir);
    expect(again.config).toEqual(model.config);
    again.parameters.dispose();
    const thesis = join(scratch, 'thesis');
    await mkdir(thesis);
    await writeFile(join(thesis, 'thesis.txt'), 'three years');
    await expect(model.save(thesis)).rejects.toThrow(/thesis.txt/);
    expect(await readdir(thesis)).toEqual(['thesis.txt']);
  });

  test('output vectors that differ from the embedding are used, whatever the flag says of tying', async () => {
    const tied = join(scratch, 'tied');
    const untied = join(scratch, 'untied');
    for (const dir of [tied, untied]) await cp(FOLDER, dir, { recursive: true });
    const weights = decodeSafetensors(await readFile(join(FOLDER, 'model.safetensors'))).tensors;
    const shared = weights['shared.weight'] as TensorData;
    const head = {
      shape: shared.shape,
      values: (shared.values as Float32Array).map((value) => value * 0.5 + 0.01),
    };
    const bytes = encodeSafetensors({ ...weights, 'lm_head.weight': head });
    const config = JSON.parse(await readFile(join(FOLDER, 'config.json'), 'utf8')) as Record<string, unknown>;
    for (const [dir, flag] of [
      [tied, true],
      [untied, false],
    ] as const) {
      await writeFile(join(dir, 'model.safetensors'), bytes);
      await writeFile(
        join(dir, 'config.json'),
        JSON.stringify({ ...config, tie_word_embeddings: flag, scale_decoder_outputs: false }),
      );
    }
    const [first, second] = [await T5.load(tied), await T5.load(untied)];
    expect(first.config).toEqual(second.config);
    expect(first.parameters.names).toContain('lm_head.weight');
    expect((await first.parameters.values())['lm_head.weight']?.values).toEqual(head.values);
    // The same values under both names are one matrix: such a folder stays tied.
    await writeFile(
      join(tied, 'model.safetensors'),
      encodeSafetensors({ ...weights, 'lm_head.weight': shared, 'encoder.embed_tokens.weight': shared }),
    );
    const third = await T5.load(tied);
    expect(third.config.tie_word_embeddings).toBe(true);
    await writeFile(
      join(tied, 'model.safetensors'),
      encodeSafetensors({ ...weights, 'encoder.embed_tokens.weight': head }),
    );
    await expect(T5.load(tied)).rejects.toThrow(/one input embedding/);
    for (const each of [first, second, third]) each.parameters.dispose();
  });

  test('weights in several files are read as the index says; an index that leads elsewhere is refused', async () => {
    const dir = join(scratch, 'sharded');
    await cp(FOLDER, dir, { recursive: true });
    await rm(join(dir, 'model.safetensors'));
    const { tensors } = decodeSafetensors(await readFile(join(FOLDER, 'model.safetensors')));
    const names = Object.keys(tensors);
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const shardOf = (k: number): string => shards[k % 2] as string;
    for (const shard of shards) {
      const own = Object.entries(tensors).filter((_, k) => shardOf(k) === shard);
      await writeFile(join(dir, shard), encodeSafetensors(Object.fromEntries(own)));
    }
    const weights = Object.fromEntries(names.map((name, k) => [name, shardOf(k)]));
    const writeIndex = (weight_map: unknown): Promise<void> =>
      writeFile(join(dir, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }));
    await writeIndex(weights);
    const again = await T5.load(dir);
    expect(await again.parameters.values()).toEqual(await model.parameters.values());
    again.dispose();
    for (const [map, message] of [
      [{ ...weights, [names[0] as string]: '../elsewhere.safetensors' }, /weight_map/],
      [{}, /weight_map/],
      [{ ...weights, [names[0] as string]: 'model-00003.safetensors' }, /model-00003/],
      [{ ...weights, absent: shards[0] }, /the weight absent/],
    ] as const) {
      await writeIndex(map);
      await expect(T5.load(dir)).rejects.toThrow(message);
    }
    await rm(join(dir, 'model.safetensors.index.json'));
    await expect(T5.load(dir)).rejects.toThrow(/the file model.safetensors/);
  });

  test('a configuration out of bounds is refused by its field', () => {
    const { config } = model;
    for (const [field, value] of [
      ['num_decoder_layers', -1],
      ['num_layers', 1e9],
      ['dropout_rate', 7],
      ['dropout_rate', '0.1'],
      ['layer_norm_epsilon', -1],
      ['relative_attention_num_buckets', 0],
      ['pad_token_id', config.vocab_size],
      ['eos_token_id', -1],
      ['tie_word_embeddings', 'yes'],
      ['scale_decoder_outputs', 1],
      ['feed_forward_proj', 'gated-silu'],
    ] as const)
      expect(() => t5Config({ ...config, [field]: value }, 'x'), field).toThrow(field);
    expect(() => t5Config([], 'x')).toThrow(/configuration object/);
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
});
