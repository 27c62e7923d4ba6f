// Synthetic ratings that need not fit into memory: makes them as Parquet or CSV, ten million a file, in processes of their own,
// then loads, filters to the 5-core, holds out the last interaction of each user and writes the training part. Prints seconds of
// each step, processor time and the peak memory of this process, and twice a minute what it is at; ends with 1 above --most
// megabytes, or without the space on the disk. With --folder the files stay there, the 5-core as well: stopped at any moment and
// started again, it goes on from the newest of them.
//
// pnpm run script packages/datasets/bench/large-log.ts [--rows 100000000] [--format parquet] [--megabytes 1024] [--most 2048]

import { execFileSync } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { type LargeLog, openLargeLog } from '@palate/datasets';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000000' },
    format: { type: 'string', default: 'parquet' },
    megabytes: { type: 'string', default: '1024' },
    most: { type: 'string', default: '2048' },
    threads: { type: 'string', default: '2' },
    folder: { type: 'string' },
    generate: { type: 'string' },
    part: { type: 'string', default: '0' },
  },
});
const rows = Number(values.rows);
const threads = Number(values.threads);
const ROWS_OF_A_FILE = 10_000_000;
/** Bytes on the disk for an interaction: files, tables, and what is sorted there; some 60 were seen. */
const BYTES = 100;

/** A long tail of users and items: powers of a uniform draw make low numbers popular. */
async function generate(path: string, part: number): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
  const connection = await instance.connect();
  await connection.run(`select setseed(${0.5 + part / 1000})`);
  await connection.run(
    `copy (select (random() ** 1.5 * ${Math.ceil(rows / 20)})::integer as "user",
       (random() ** 3 * ${Math.ceil(rows / 500)})::integer as item,
       (1 + floor(random() * 5))::integer as rating, (1000000000 + random() * 300000000)::bigint as "time"
       from range(${Math.min(ROWS_OF_A_FILE, rows - part * ROWS_OF_A_FILE)}))
     to '${path}' (format ${values.format === 'csv' ? 'csv, header' : 'parquet'})`,
  );
  connection.closeSync();
  instance.closeSync();
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function run(folder: string): Promise<void> {
  // Tables of a run that was killed.
  for (const name of await readdir(folder))
    if (name.startsWith('palate-duckdb-')) await rm(join(folder, name), { recursive: true });
  const files = Array.from({ length: Math.ceil(rows / ROWS_OF_A_FILE) }, (_, part) =>
    join(folder, `ratings-${rows}-${part}.${values.format}`),
  );
  let bytes = 0;
  for (const [part, path] of files.entries()) {
    if (!(await isThere(path))) {
      const made = ['--generate', `${path}.partly`, '--part', String(part)];
      const command = [
        ...process.execArgv,
        fileURLToPath(import.meta.url),
        ...process.argv.slice(2),
        ...made,
      ];
      execFileSync(process.execPath, command, { stdio: 'inherit' });
      await rename(`${path}.partly`, path);
    }
    bytes += (await stat(path)).size;
  }
  process.stdout.write(`${rows} rows in ${files.length} files of ${(bytes / 1e6).toFixed(0)} MB\n`);

  let last = performance.now();
  let used = process.cpuUsage();
  let step = 'load';
  const peak = (): string => `peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`;
  const seconds = (): string => {
    const { user, system } = process.cpuUsage(used);
    return `${((performance.now() - last) / 1000).toFixed(1)} s, processor ${((user + system) / 1e6).toFixed(1)} s`;
  };
  const lap = (what: string, next: string): void => {
    process.stdout.write(`${what}: ${seconds()}, ${peak()}\n`);
    last = performance.now();
    used = process.cpuUsage();
    step = next;
  };
  const telling = setInterval(() => process.stderr.write(`  ${step}: ${seconds()}, ${peak()}\n`), 30_000);
  telling.unref();

  const columns = { user: 'user', item: 'item', rating: 'rating' };
  const limits = { megabytes: Number(values.megabytes), threads, folder };
  const kept = join(folder, `core-${rows}.parquet`);
  let core: LargeLog;
  let opened: LargeLog;
  if (await isThere(kept)) {
    core = opened = await openLargeLog(kept, { ...columns, timestamp: 'timestamp' }, limits);
    lap(`load the 5-core of before: ${core.length} ratings`, 'leave-one-out');
  } else {
    opened = await openLargeLog(files, { ...columns, timestamp: 'time' }, limits);
    lap(`load ${opened.length} ratings`, '5-core');
    core = await opened.kCore();
    lap(`5-core: ${core.length} ratings`, 'leave-one-out');
    if (values.folder !== undefined) {
      await core.write(`${kept}.partly`);
      await rename(`${kept}.partly`, kept);
      lap('write the 5-core', 'leave-one-out');
    }
  }
  try {
    const split = await core.leaveOneOut();
    lap(
      `leave-one-out: ${split.train.length} + ${split.validation?.length} + ${split.test.length}`,
      'write the training part',
    );
    await split.train.write(join(folder, 'train.parquet'));
    lap('write the training part', 'sequences');
    let sequences = 0;
    for await (const { items } of split.train.sequences({ last: 50 })) sequences += items.length > 0 ? 1 : 0;
    lap(`sequences of ${sequences} users`, 'the end');
  } finally {
    clearInterval(telling);
    await opened.close();
  }
  if (process.resourceUsage().maxRSS / 1024 > Number(values.most)) {
    process.stdout.write(`more than ${values.most} MB\n`);
    process.exitCode = 1;
  }
}

if (values.generate) await generate(values.generate, Number(values.part));
else {
  const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'palate-large-log-')));
  await mkdir(folder, { recursive: true });
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < rows * BYTES) {
      process.stdout.write(`${folder} has less than the ${(rows * BYTES) / 1e9} GB that it takes\n`);
      process.exitCode = 1;
    } else await run(folder);
  } finally {
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}
