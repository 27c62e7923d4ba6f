// Ten million synthetic ratings: writes them as `user::item::rating::time`, then loads, filters to the 5-core and
// splits them. Prints seconds for each step and the peak memory of the process.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '@palate/core';
import { kCore, leaveOneOut, loadTable, statistics } from '@palate/datasets';

const RATINGS = 10_000_000;
const USERS = 500_000;
const ITEMS = 60_000;

const folder = await mkdtemp(join(tmpdir(), 'palate-ten-million-'));
try {
  const path = join(folder, 'ratings.dat');
  const random = new RandomStream(1);
  const out = createWriteStream(path);
  for (let done = 0; done < RATINGS; ) {
    let text = '';
    for (const end = Math.min(RATINGS, done + 10_000); done < end; done++) {
      // A long tail: squaring a uniform draw makes low numbers popular.
      const user = Math.floor(random.uniform() ** 1.5 * USERS);
      const item = Math.floor(random.uniform() ** 3 * ITEMS);
      text += `${user}::${item}::${1 + random.integer(5)}::${1_000_000_000 + random.integer(300_000_000)}\n`;
    }
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  process.stdout.write(`file: ${((await stat(path)).size / 1e6).toFixed(0)} MB\n`);

  const started = performance.now();
  let last = started;
  const lap = (what: string): void => {
    const now = performance.now();
    process.stdout.write(`${what}: ${((now - last) / 1000).toFixed(1)} s\n`);
    last = now;
  };
  const { log } = await loadTable(
    path,
    { user: 0, item: 1, rating: 2, timestamp: 3 },
    { format: 'csv', delimiter: '::' },
  );
  lap(`load ${log.length} ratings`);
  const core = kCore(log);
  lap(`5-core: ${core.length} ratings, ${core.users.size} users, ${core.items.size} items`);
  const split = leaveOneOut(core);
  lap(`leave-one-out: ${split.train.length} + ${split.validation?.length} + ${split.test.length}`);
  process.stdout.write(
    `in all: ${((performance.now() - started) / 1000).toFixed(1)} s, peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB\n`,
  );
  process.stdout.write(`mean history ${statistics(core).historyLength.mean.toFixed(1)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
