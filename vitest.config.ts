import { defineConfig } from 'vitest/config';

const conditions = ['palate-source', 'module', 'node', 'development|production'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'examples/*/*.test.ts'],
    globalSetup: ['scripts/temporary-folder.mjs'],
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './scripts/slowest-tests.mjs'],
    // One limit for every test, generous: a loaded machine takes ten times as long, and nothing asserts on time.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    coverage: { provider: 'v8', include: ['packages/*/src/**', 'apps/*/src/**'] },
  },
});
