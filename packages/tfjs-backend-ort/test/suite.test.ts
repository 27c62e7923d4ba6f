import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// The reference is tfjs-core's own published test suite, which every TensorFlow.js backend runs. It needs jasmine's
// globals and one copy of tfjs-core for tests and backend, so it runs as a bundle in a process of its own.
it("passes tfjs-core's own test suite, but for the specs that the skip list explains", () => {
  const script = fileURLToPath(new URL('./suite/run.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const lines = stdout.trim().split('\n');
  const summary = lines.at(-1) as string;
  const complaints = lines.filter((line) => /^(FAILED|NO LONGER)/.test(line));
  expect(complaints, stderr).toEqual([]);
  const counts = JSON.parse(summary) as { passed: number; total: number };
  console.log(`tfjs-core's suite: ${summary}`);
  expect(counts.total).toBeGreaterThan(4_200);
  expect(counts.passed / counts.total).toBeGreaterThanOrEqual(0.95);
  expect(status).toBe(0);
});
