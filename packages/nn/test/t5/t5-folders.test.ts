import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeSafetensors, encodeSafetensors, type TensorData } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ForwardPass, selectBackend, T5, t5Config } from '../../src/index.js';

const FOLDER = fileURLToPath(new URL('../fixtures/t5-tiny-gated', import.meta.url));

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
    expect(() => t5Config({ model_type: 'bert' }, 'x')).toThrow(/model_type "t5" or "mt5"/);
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

  test('of mT5 and with gated SiLU give the loss and the logits that PyTorch gives', async () => {
    const { input_ids, attention_mask, labels } = JSON.parse(
      await readFile(join(FOLDER, 'expected.json'), 'utf8'),
    ) as Record<'input_ids' | 'attention_mask' | 'labels', number[][]>;
    const config = JSON.parse(await readFile(join(FOLDER, 'config.json'), 'utf8')) as object;
    // transformers 5.18.0 on torch 2.13.0: the weights of this folder in MT5ForConditionalGeneration, and in
    // T5ForConditionalGeneration with feed_forward_proj 'gated-silu'; first logits of the first position.
    for (const [name, change, logits] of [
      ['mt5', { model_type: 'mt5' }, [17.943169, -0.56851, 1.680998, 1.965884, 9.384741, -1.127989]],
      [
        'silu',
        { feed_forward_proj: 'gated-silu', dense_act_fn: 'silu' },
        [18.458515, -0.785537, 1.416673, 2.246182, 9.652245, -1.091323],
      ],
    ] as const) {
      const dir = join(scratch, name);
      await cp(FOLDER, dir, { recursive: true });
      await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, ...change }));
      const loaded = await T5.load(dir);
      const found = tf.tidy(() => {
        const pass = ForwardPass.inference();
        const encoded = loaded.encode(
          tf.tensor2d(input_ids, undefined, 'int32'),
          tf.tensor2d(attention_mask, undefined, 'float32'),
          pass,
        );
        const flat = Int32Array.from(labels.flat());
        const shape: [number, number] = [labels.length, labels[0]?.length as number];
        const decoderIds = tf.tensor2d(loaded.shiftRight(flat, shape[1]), shape, 'int32');
        return loaded
          .logits(loaded.decode(decoderIds, encoded, pass))
          .dataSync()
          .slice(0, 6);
      });
      for (const [k, value] of logits.entries()) expect(found[k], name).toBeCloseTo(value, 3);
      const saved = join(scratch, `${name}-saved`);
      await loaded.save(saved);
      const again = await T5.load(saved);
      expect(again.config).toMatchObject(change);
      for (const each of [loaded, again]) each.parameters.dispose();
    }
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
      ['feed_forward_proj', 'gated-tanh'],
    ] as const)
      expect(() => t5Config({ ...config, [field]: value }, 'x'), field).toThrow(field);
    expect(() => t5Config([], 'x')).toThrow(/configuration object/);
  });
});
