import { defineConfig } from 'vitest/config';
import LongestFirst from './scripts/longest-first.js';

const conditions = ['palate-source', 'module', 'node', 'development|production'];

/** Tests that leave nothing behind in their process: their files share one, which loads modules once. */
const SHARING = ['core', 'eval', 'command-line', 'dataset-movietweetings'].map(
  (name) => `packages/${name}/test/**/*.test.ts`,
);

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      { extends: true, test: { name: 'sharing', isolate: false, include: SHARING } },
      {
        extends: true,
        test: {
          name: 'apart',
          include: [
            'packages/*/test/**/*.test.ts',
            'apps/*/test/**/*.test.ts',
            'examples/*/*.test.ts',
            'scripts/test/*.test.ts',
          ],
          exclude: ['**/node_modules/**', ...SHARING],
        },
      },
    ],
    globalSetup: ['scripts/temporary-folder.mjs'],
    pool: 'forks',
    // One more than cores of a small machine: a tenth of the time a worker waits, for a browser, a disk or a server.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './scripts/slowest-tests.mjs'],
    // One limit for every test, generous: a loaded machine takes ten times as long, and nothing asserts on time.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // What is polled has as long: one second, vitest's own limit, passes in silence on a loaded machine.
    expect: { poll: { timeout: 300_000 } },
    coverage: { provider: 'v8', include: ['packages/*/src/**', 'apps/*/src/**'] },
  },
});
