/**
 * Opens an engine, answers and closes it, again and again in one process, and prints what the process holds. Ends with 1 if it
 * holds a tenth more in the end than after the first tenth of the rounds.
 *
 * pnpm run script apps/reference/bench/reloads.ts [--rounds 50] [--requests 100] [--artifacts FOLDER] [--effort full] [--ranker palr-local]
 */
import { parseArgs } from 'node:util';
import { collectGarbage } from '@palate/core/testing';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { ENGINE_ARGUMENTS, openBundled } from './open-bundled.js';

const { values } = parseArgs({
  options: {
    ...ENGINE_ARGUMENTS,
    rounds: { type: 'string', default: '50' },
    requests: { type: 'string', default: '100' },
  },
});
const rounds = Number(values.rounds);
const users = [...(await loadBundledMovieTweetings()).log.users];
let next = 0;

async function round(): Promise<void> {
  await using engine = await openBundled(values);
  await engine.prepare();
  for (let k = 0; k < Number(values.requests); k++)
    await engine.recommend({ user: users[next++ % users.length], k: 10, explain: true });
}

const held: number[] = [];
for (let k = 1; k <= rounds; k++) {
  await round();
  // Twice: what was given back by the first frees more in the second.
  await collectGarbage();
  await collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  held.push(rss);
  if (k === 1 || k % Math.ceil(rounds / 10) === 0)
    process.stdout.write(
      `${k} reloads: ${(rss / 1e6).toFixed(0)} MB resident, ${(heapUsed / 1e6).toFixed(0)} MB of heap, ${(external / 1e6).toFixed(0)} MB outside it\n`,
    );
}
const early = held[Math.floor(rounds / 10)] ?? 0;
const growth = (held.at(-1) ?? 0) / early - 1;
process.stdout.write(
  `${(100 * growth).toFixed(1)} % more in the end than after ${Math.floor(rounds / 10) + 1}\n`,
);
process.exitCode = growth < 0.1 ? 0 : 1;
