/**
 * Kills workers by SIGKILL in the middle of paid calls, again and again, and counts what a server was asked and charged. Ends
 * with 1 if a job is lost or one is charged twice. Needs redis-server on the path.
 *
 * pnpm run script packages/jobs/bench/kills.ts [--kills 20] [--jobs 200]
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import { RedisQueue } from '../src/index.js';
import { startCharging } from '../test/charging-server.js';
import { PAYING } from '../test/paying-job.js';
import { findRedis, startRedis } from '../test/redis-server.js';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, jobs: { type: 'string', default: '200' } },
});
const [wanted, jobs] = [Number(values.kills), Number(values.jobs)];
const found = await findRedis();
if ('missing' in found) throw new Error(found.missing);
const redis = await startRedis(found.bin);
const server = await startCharging({ milliseconds: 50 });
const program = await compiledProgram(fileURLToPath(new URL('../test/paying-worker.ts', import.meta.url)));
const queue = await RedisQueue.open({ url: redis.url });
let isOver = false;
let kills = 0;
const killing = (async () => {
  while (!isOver) {
    const child = spawn(process.execPath, [program, redis.url], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const before = server.requests;
    while (!isOver && (kills >= wanted || server.requests < before + 4))
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await ended;
    if (!isOver) kills++;
  }
})();
const results = await queue.run(
  PAYING,
  Array.from({ length: jobs }, (_, k) => ({ url: server.url, question: `question ${k}` })),
);
isOver = true;
await killing;
const lost = jobs - results.filter(({ ok }) => ok).length;
const twice = [...server.charged.values()].filter((times) => times !== 1).length;
const { spent } = await queue.counts();
process.stdout.write(
  `${JSON.stringify({ kills, jobs, lost, charged: server.charged.size, chargedTwice: twice, requests: server.requests, spent })}\n`,
);
process.exitCode = kills >= wanted && lost === 0 && twice === 0 && spent === jobs ? 0 : 1;
await queue.close();
await server.close();
await redis.stop();
