// Runs tfjs-core's own published test suite (@tensorflow/tfjs-core/dist/tests) against the backend:
//   node packages/tfjs-backend-ort/test/suite/run.mjs [--backend cpu] [--filter TEXT] [--verbose]
// With PALATE_ORT_RUNTIME=wasm the backend computes in WebAssembly.
// Prints the counts as JSON; fails when a spec fails that skip-list.json does not name, when an entry of that list no
// longer fails, or when fewer than 95 % of the specs pass.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'ort' },
    filter: { type: 'string' },
    verbose: { type: 'boolean' },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const packageFolder = join(here, '..', '..');
const outfile = join(packageFolder, 'node_modules', '.cache', 'palate-suite', 'suite.mjs');
mkdirSync(dirname(outfile), { recursive: true });
// One copy of tfjs-core serves tests and backend.
await build({
  entryPoints: [join(here, 'entry.ts')],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['palate-source'],
  mainFields: ['module', 'main'],
  external: ['node-fetch', 'util', 'string_decoder', 'crypto'],
  ignoreAnnotations: true,
  logLevel: 'error',
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
});

// The WebAssembly build's worker is found beside the code that starts it.
copyFileSync(
  join(packageFolder, 'src', 'runtime', 'wasm-worker.js'),
  join(dirname(outfile), 'wasm-worker.js'),
);

const jasmineRequire = createRequire(import.meta.url)('jasmine-core');
const jasmine = jasmineRequire.boot(true);
Object.assign(globalThis, { jasmine });
process.env.PALATE_SUITE_BACKEND = values.backend;
const warn = console.warn;
console.warn = () => {};
await import(pathToFileURL(outfile).href);

const skips = JSON.parse(readFileSync(join(here, 'skip-list.json'), 'utf8'));
const skipFor = (name) => {
  if (values.backend !== 'ort') return undefined;
  for (const { reason, specs } of skips) {
    const spec = specs.find((each) => name === each);
    if (spec !== undefined) return { reason, spec };
  }
  return undefined;
};
const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
const failures = [];
const used = new Map();
const usedSpecs = new Set();
const env = jasmine.getEnv();
env.configure({
  random: false,
  failSpecWithNoExpectations: false,
  specFilter: (spec) => {
    const name = spec.getFullName();
    return values.filter === undefined || name.includes(values.filter);
  },
});
const done = new Promise((resolve) => {
  env.addReporter({
    specDone: (result) => {
      if (result.status === 'excluded') return;
      if (result.status === 'pending') {
        counts.pending++;
        return;
      }
      const skip = skipFor(result.fullName);
      if (skip !== undefined && result.status === 'failed') {
        counts.skipped++;
        usedSpecs.add(skip.spec);
        used.set(skip.reason, (used.get(skip.reason) ?? 0) + 1);
      } else if (result.status === 'passed') counts.passed++;
      else {
        counts.failed++;
        failures.push({ name: result.fullName, message: result.failedExpectations[0]?.message ?? '' });
      }
    },
    jasmineDone: resolve,
  });
});
env.execute();
await done;
console.warn = warn;
for (const { name, message } of failures)
  console.log(`FAILED ${name}\n    ${values.verbose ? message : message.split('\n')[0].slice(0, 300)}`);
const unneeded =
  values.backend === 'ort' && values.filter === undefined && process.env.PALATE_ORT_RUNTIME !== 'wasm'
    ? skips.flatMap(({ specs }) => specs).filter((each) => !usedSpecs.has(each))
    : [];
for (const name of unneeded) console.log(`NO LONGER FAILS, take it off the skip list: ${name}`);
const total = counts.passed + counts.failed + counts.skipped;
const share = total ? counts.passed / total : 0;
console.log(
  JSON.stringify({ backend: values.backend, ...counts, total, share, skips: Object.fromEntries(used) }),
);
process.exit(counts.failed > 0 || unneeded.length > 0 || share < 0.95 ? 1 : 0);
