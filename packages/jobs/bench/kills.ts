/**
 * Kills workers by SIGKILL in the middle of paid calls, again and again, and counts what a server was asked and charged. Ends
 * with 1 if a job is lost or one is charged twice. Needs redis-server on the path.
 *
 * pnpm run script packages/jobs/bench/kills.ts [--kills 20] [--jobs 200]
 */
import { parseArgs } from 'node:util';
import { RedisQueue } from '../src/index.js';
import { startCharging } from '../test/charging-server.js';
import { killWorkers } from '../test/kill-workers.js';
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
const queue = await RedisQueue.open({ url: redis.url });
const end = await killWorkers(redis.url, server, wanted);
const results = await queue.run(
  PAYING,
  Array.from({ length: jobs }, (_, k) => ({ url: server.url, question: `question ${k}` })),
);
const kills = await end();
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
