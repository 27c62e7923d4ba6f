// Synthetic ratings from CSV to a log, to the 5-core and to leave-one-out, beside DuckDB, which reads the same columns into arrays,
// and polars, where python3 has them: each in a process of its own, in turns. Prints seconds, processor seconds and peak memory
// (medians), and ratios; on a machine that does other work as well the processor's are the ones to compare.
//
// PYTHON=python3 pnpm run script packages/datasets/bench/beside-peers.ts [--rows 10000000] [--rounds 3]

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RandomStream } from '@palate/core';
import { kCore, leaveOneOut, loadTable } from '@palate/datasets';
import { besidePython, median } from '../../../scripts/bench.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    rounds: { type: 'string', default: '3' },
    own: { type: 'string' },
  },
});
const PEERS = new URL('log_peers.py', import.meta.url);

/** What one process took. */
interface Run {
  readonly version: string;
  readonly steps: Readonly<Record<string, { readonly seconds: number; readonly processor: number }>>;
  /** Interactions: of the file, and where it is split of the core, training, validation and test. */
  readonly rows: readonly number[];
  readonly megabytes: number;
}

async function own(path: string): Promise<Run> {
  const steps: Record<string, { seconds: number; processor: number }> = {};
  const step = async <T>(name: string, work: () => Promise<T> | T): Promise<T> => {
    const used = process.cpuUsage();
    const started = performance.now();
    const result = await work();
    const { user, system } = process.cpuUsage(used);
    steps[name] = { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
    return result;
  };
  const columns = { user: 'user', item: 'item', rating: 'rating', timestamp: 'time' };
  const { log } = await step('load', () => loadTable(path, columns));
  const { core, split } = await step('core and split', () => {
    const made = kCore(log);
    return { core: made, split: leaveOneOut(made) };
  });
  return {
    version: process.version,
    steps,
    rows: [log, core, split.train, split.validation, split.test].map((part) => part?.length ?? 0),
    megabytes: process.resourceUsage().maxRSS / 1024,
  };
}

/** A long tail of users and items: powers of a uniform draw make low numbers popular. */
async function generate(path: string, rows: number): Promise<void> {
  const random = new RandomStream(1);
  const out = createWriteStream(path);
  out.write('user,item,rating,time\n');
  for (let done = 0; done < rows; ) {
    let text = '';
    for (const end = Math.min(rows, done + 10_000); done < end; done++)
      text += `${Math.floor(random.uniform() ** 1.5 * (rows / 20))},${Math.floor(random.uniform() ** 3 * (rows / 160))},${1 + random.integer(5)},${1_000_000_000 + random.integer(300_000_000)}\n`;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

function runOfOurs(path: string): Run {
  const command = [...process.execArgv, fileURLToPath(import.meta.url), '--own', path];
  return JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8' })) as Run;
}

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'palate-beside-peers-'));
  try {
    const path = join(folder, 'ratings.csv');
    await generate(path, Number(values.rows));
    const runs = { palate: [] as Run[], duckdb: [] as Run[], polars: [] as Run[] };
    for (let round = 0; round < Number(values.rounds); round++)
      for (const [name, done] of Object.entries(runs)) {
        const run = name === 'palate' ? runOfOurs(path) : besidePython<Run>(name, PEERS, name, path);
        if (run) done.push(run);
        process.stderr.write(`  ${name}: ${JSON.stringify(run?.steps ?? 'not here')}\n`);
      }
    const of = (name: keyof typeof runs, step: string, what: 'seconds' | 'processor'): number =>
      median(runs[name].map(({ steps }) => steps[step]?.[what] ?? Number.NaN));
    process.stdout.write(`${values.rows} rows, medians of ${values.rounds}\n`);
    for (const [name, done] of Object.entries(runs) as [keyof typeof runs, Run[]][]) {
      const [first] = done;
      if (!first) continue;
      const steps = Object.keys(first.steps).map(
        (step) =>
          `${step} ${of(name, step, 'seconds').toFixed(2)} s, processor ${of(name, step, 'processor').toFixed(2)} s`,
      );
      process.stdout.write(
        `${name} ${first.version}: ${steps.join('; ')}; peak ${median(done.map(({ megabytes }) => megabytes)).toFixed(0)} MB; rows ${first.rows.join(', ')}\n`,
      );
    }
    for (const [peer, step] of [
      ['duckdb', 'load'],
      ['polars', 'load'],
      ['polars', 'core and split'],
    ] as const)
      process.stdout.write(
        `${step}, to ${peer}'s: processor ${(of('palate', step, 'processor') / of(peer, step, 'processor')).toFixed(2)}, seconds ${(of('palate', step, 'seconds') / of(peer, step, 'seconds')).toFixed(2)}\n`,
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (values.own) process.stdout.write(JSON.stringify(await own(values.own)));
else await compare();
