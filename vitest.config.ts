import { defineConfig } from 'vitest/config';
import LongestFirst from './scripts/longest-first.js';

const conditions = ['palate-source', 'module', 'node', 'development|production'];

/** Files whose tests need a process of their own: they count its tensors, choose its backend or change its environment. */
const ALONE = [
  'packages/tfjs-backend-ort/test/**/*.test.ts',
  ...[
    'datasets/test/cases',
    'graph-augment/test/models/graph-recommender',
    'graph-augment/test/models/light-gcn',
    'knowledge-augment/test/altered-artifacts',
    'knowledge-augment/test/ctr/serving',
    'knowledge-augment/test/ctr/trust',
    'knowledge-augment/test/llm-rec/two-tower',
    'llm-rank/test/p5/p5',
    'llm-rank/test/palr/dispose',
    'llm/test/encoders/use-lite',
    'llm/test/models/openai',
    'llm/test/models/single-calls',
    'narrative/test/cross-encoder/cross-encoder',
    'narrative/test/encoder/bi-encoder',
    'narrative/test/filter/filter',
    'narrative/test/late/late-cross-encoder',
    'narrative/test/retrieval/narrative-retriever',
    'nn/test/catalogue-loss',
    'nn/test/memory',
    'nn/test/select-backend',
    'nn/test/select-runtime',
    'nn/test/t5/dispose',
    'nn/test/t5/generate-among',
    'nn/test/t5/t5',
    'semantic-id/test/dispose',
    'semantic-id/test/tiger-search',
    'sequential/test/dispose',
    'sequential/test/sequential',
    'sequential/test/transfer',
    'sequential/test/wasm',
  ].map((name) => `packages/${name}.test.ts`),
];
/** The other tests of packages leave nothing behind in their process: their files share one, which loads modules once. */
const PACKAGES = 'packages/*/test/**/*.test.ts';

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'sharing',
          isolate: false,
          include: [PACKAGES],
          exclude: ['**/node_modules/**', ...ALONE],
        },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          include: [...ALONE, 'apps/*/test/**/*.test.ts', 'examples/*/*.test.ts', 'scripts/test/*.test.ts'],
        },
      },
    ],
    // Workers and the programs that they start share the cores: idle threads of ONNX Runtime would spin on them.
    env: { PALATE_ORT_THREADS: '1' },
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
