import { afterAll, expect } from 'vitest';
import { ortBackend } from '../../src/index.js';

// Import this first: the tests of a file that is imported afterwards compute in WebAssembly.
process.env.PALATE_ORT_RUNTIME = 'wasm';

afterAll(() => {
  const { runtime, reason, runs } = ortBackend().statistics();
  expect({ runtime, reason }).toEqual({ runtime: 'wasm', reason: undefined });
  expect(runs).toBeGreaterThan(0);
});
