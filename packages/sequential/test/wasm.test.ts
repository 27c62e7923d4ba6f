// SASRec once more where ONNX Runtime computes in WebAssembly: trained, saved, loaded and asked.
import { retrieverConformance } from '@palate/core/testing';
import { ortBackend } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SasRec } from '../src/index.js';

const SMALL = { dimension: 8, heads: 2, blocks: 1, maxLength: 8, epochs: 1, batchSize: 16 };

beforeAll(() => {
  process.env.PALATE_ORT_RUNTIME = 'wasm';
});

describe('SasRec in WebAssembly', () => {
  for (const { name, run } of retrieverConformance({
    fit: (data, options) => SasRec.fit(data, { ...SMALL, ...options }),
    load: (dir) => SasRec.load(dir),
    held: () => tf.memory().numTensors,
  }))
    test(name, run);
});

afterAll(() => {
  expect(ortBackend().statistics()).toMatchObject({ runtime: 'wasm', failures: 0 });
});
