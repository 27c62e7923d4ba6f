import { expect, test } from 'vitest';
import { selectBackend } from '../src/index.js';

test.each(['auto', 'ort'] as const)(
  'choosing %s refuses a build of ONNX Runtime that does not exist',
  async (choice) => {
    process.env.PALATE_ORT_RUNTIME = 'gpu';
    await expect(selectBackend(choice)).rejects.toThrow(/PALATE_ORT_RUNTIME to be 'native' or 'wasm'/);
  },
);
