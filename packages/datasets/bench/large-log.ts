// Synthetic ratings that need not fit into memory: makes them as Parquet or CSV in a process of its own, then loads, filters to
// the 5-core, holds out the last interaction of each user and writes the training part. Prints seconds of each step, processor
// time and the peak memory of this process; ends with 1 above --most megabytes.
//
// pnpm run script packages/datasets/bench/large-log.ts [--rows 100000000] [--format parquet] [--megabytes 1024] [--most 2048]

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { openLargeLog } from '@palate/datasets';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000000' },
    format: { type: 'string', default: 'parquet' },
    megabytes: { type: 'string', default: '1024' },
    most: { type: 'string', default: '2048' },
    threads: { type: 'string', default: '2' },
    folder: { type: 'string', default: tmpdir() },
    generate: { type: 'string' },
  },
});
const rows = Number(values.rows);
const threads = Number(values.threads);

/** A long tail of users and items: powers of a uniform draw make low numbers popular. */
async function generate(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
  const connection = await instance.connect();
  await connection.run('select setseed(0.5)');
  await connection.run(
    `copy (select (random() ** 1.5 * ${Math.ceil(rows / 20)})::integer as "user",
       (random() ** 3 * ${Math.ceil(rows / 500)})::integer as item,
       (1 + floor(random() * 5))::integer as rating, (1000000000 + random() * 300000000)::bigint as "time"
       from range(${rows})) to '${path}' (format ${values.format === 'csv' ? 'csv, header' : 'parquet'})`,
  );
  connection.closeSync();
  instance.closeSync();
}

if (values.generate) await generate(values.generate);
else {
  const folder = await mkdtemp(join(values.folder, 'palate-large-log-'));
  try {
    const path = join(folder, `ratings.${values.format}`);
    const given = process.argv.slice(2);
    execFileSync(
      process.execPath,
      [...process.execArgv, fileURLToPath(import.meta.url), ...given, '--generate', path],
      { stdio: 'inherit' },
    );
    process.stdout.write(`${rows} rows in a file of ${((await stat(path)).size / 1e6).toFixed(0)} MB\n`);
    let last = performance.now();
    let used = process.cpuUsage();
    const lap = (what: string): void => {
      const now = performance.now();
      const { user, system } = process.cpuUsage(used);
      const peak = process.resourceUsage().maxRSS / 1024;
      process.stdout.write(
        `${what}: ${((now - last) / 1000).toFixed(1)} s, processor ${((user + system) / 1e6).toFixed(1)} s, peak ${peak.toFixed(0)} MB\n`,
      );
      last = now;
      used = process.cpuUsage();
    };
    await using log = await openLargeLog(
      path,
      { user: 'user', item: 'item', rating: 'rating', timestamp: 'time' },
      { megabytes: Number(values.megabytes), threads, folder: values.folder },
    );
    lap(`load ${log.length} ratings`);
    const core = await log.kCore();
    lap(`5-core: ${core.length} ratings`);
    const split = await core.leaveOneOut();
    lap(`leave-one-out: ${split.train.length} + ${split.validation?.length} + ${split.test.length}`);
    await split.train.write(join(folder, 'train.parquet'));
    lap('write the training part');
    let sequences = 0;
    for await (const { items } of split.train.sequences({ last: 50 })) sequences += items.length > 0 ? 1 : 0;
    lap(`sequences of ${sequences} users`);
    const peak = process.resourceUsage().maxRSS / 1024;
    if (peak > Number(values.most)) {
      process.stdout.write(`more than ${values.most} MB\n`);
      process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
