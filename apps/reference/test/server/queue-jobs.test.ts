import { InvalidInputError } from '@palate/core';
import { type Job, RedisQueue, startWorker } from '@palate/jobs';
import { describe, expect, test } from 'vitest';
import { findRedis, startRedis } from '../../../../packages/jobs/test/redis-server.js';
import { job as schema } from '../../src/server/http/answer-schemas.js';
import { QueueJobs } from '../../src/server/queue-jobs.js';

const found = await findRedis();
const why = 'missing' in found ? `: ${found.missing}` : '';

const HALF: Job<number, number> = {
  name: 'half',
  run: async (n) => {
    if (n % 2 === 1)
      throw new InvalidInputError({ expected: 'an even number', received: String(n), hint: 'None.' });
    return n / 2;
  },
};

describe.skipIf('missing' in found)(`the queue of workers on the page${why}`, () => {
  test('is one job: how far all of it is, and what failed and why', async () => {
    const redis = await startRedis('bin' in found ? found.bin : '');
    const shown = new QueueJobs(redis.url);
    const queue = await RedisQueue.open({ url: redis.url });
    try {
      expect(await shown.newest()).toBeUndefined();
      const results = queue.run(HALF, [1, 2, 3, 4, 6]);
      let before = await shown.newest();
      while (before?.progress?.total !== 5) before = await shown.newest();
      expect(schema.parse(before)).toMatchObject({
        kind: 'queue',
        state: 'running',
        progress: { done: 0, total: 5 },
      });
      const worker = await startWorker({ url: redis.url, jobs: [HALF] });
      await results;
      await worker.close();
      const after = schema.parse(await shown.newest());
      expect(after).toMatchObject({ state: 'failed', progress: { done: 5, total: 5 } });
      expect(after.failures).toMatchObject([{ code: 'invalid-input', count: 2 }]);
      expect(after.endedAt).toBeGreaterThanOrEqual(after.startedAt);
      expect(schema.parse(await shown.newest())).toEqual(after);
    } finally {
      await shown.close();
      await queue.close();
      await redis.stop();
    }
  });
});
