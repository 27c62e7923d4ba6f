import { cpSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { bertParts } from '../../src/index.js';

const folder = fileURLToPath(new URL('../fixtures/tiny-bert', import.meta.url));
// Made by PyTorch's transformers from the same weights.
const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as {
  texts: string[];
  mean_pooled_normalized: number[][];
};

beforeAll(async () => {
  await selectBackend('ort');
});

/** A copy of the folder, to be changed. */
const copy = (): string => {
  const dir = join(mkdtempSync(join(tmpdir(), 'palate-bert-')), 'tiny-bert');
  cpSync(folder, dir, { recursive: true });
  return dir;
};

describe('bertParts', () => {
  it('gives the vectors that PyTorch gives, padded or not, from weights that can be trained', async () => {
    const parts = await bertParts(folder);
    const weights = Object.fromEntries(
      Object.entries(parts.weights).map(([name, { shape, values }]) => [
        name,
        tf.variable(tf.tensor(values as Float32Array, [...shape])),
      ]),
    );
    const vector = (text: string, padding: number): tf.Tensor2D => {
      const ids = parts.tokenize(text);
      const length = ids.length + padding;
      const row = Int32Array.from({ length }, (_, k) => ids[k] ?? 0);
      const present = tf.tensor2d(
        Float32Array.from(row, (_, k) => (k < ids.length ? 1 : 0)),
        [1, length],
      );
      const running = parts.running(weights);
      return running.pool(running.states(tf.tensor2d(row, [1, length], 'int32'), present), present);
    };
    for (const [k, text] of expected.texts.entries())
      for (const padding of [0, 3]) {
        const values = await vector(text, padding).data();
        for (const [at, value] of (expected.mean_pooled_normalized[k] ?? []).entries())
          expect(Math.abs(value - (values[at] as number))).toBeLessThan(1e-5);
      }
    const { grads } = tf.variableGrads(() =>
      tf.sum(tf.square(tf.sub(vector(expected.texts[0] as string, 0), 0.5))),
    );
    for (const [name, variable] of Object.entries(weights))
      expect(grads[variable.name] !== undefined, name).toBe(true);
    expect(parts.names.lower).toContain('embeddings.word_embeddings.weight');
    expect(parts.names.upper.every((name) => name.startsWith('encoder.layer.1.'))).toBe(true);
    expect(parts.names.lower.length + parts.names.upper.length).toBe(Object.keys(parts.weights).length);
  });

  it('refuses another architecture, a missing file and a cut one', async () => {
    const other = copy();
    const config = JSON.parse(readFileSync(join(other, 'config.json'), 'utf8')) as object;
    writeFileSync(join(other, 'config.json'), JSON.stringify({ ...config, model_type: 'deberta' }));
    await expect(bertParts(other)).rejects.toThrow(/bert, roberta/);
    const cut = copy();
    truncateSync(join(cut, 'onnx', 'model.onnx'), 5000);
    await expect(bertParts(cut)).rejects.toMatchObject({ code: 'artifact' });
    const wide = copy();
    writeFileSync(join(wide, 'config.json'), JSON.stringify({ ...config, hidden_size: 64 }));
    await expect(bertParts(wide)).rejects.toThrow(/shape \[137, 64\]/);
    await expect(bertParts(tmpdir())).rejects.toMatchObject({ code: 'invalid-input' });
  });
});
