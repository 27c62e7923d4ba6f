import { fileURLToPath } from 'node:url';
import { disposableConformance } from '@palate/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, test } from 'vitest';
import { ForwardPass, generate, selectBackend, T5 } from '../../src/index.js';

const FOLDER = fileURLToPath(new URL('../fixtures/t5-tiny-gated', import.meta.url));

beforeAll(async () => {
  await selectBackend('ort');
});

describe('T5', () => {
  for (const { name, run } of disposableConformance<T5>({
    create: () => T5.load(FOLDER),
    held: () => tf.memory().numTensors,
    uses: [
      (model) =>
        tf.tidy(() => {
          model
            .encode(tf.tensor2d([[3, 4]], undefined, 'int32'), tf.ones([1, 2]), ForwardPass.inference())
            .states.dataSync();
        }),
      (model) => generate(model, [[3, 4, 1]], { maxTokens: 3 }),
    ],
    save: (model, dir) => model.save(dir),
    load: (dir) => T5.load(dir),
  }))
    test(name, run);
});
