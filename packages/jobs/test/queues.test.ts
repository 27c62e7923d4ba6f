import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type Job,
  type JobLimits,
  type JobQueue,
  LocalQueue,
  RedisQueue,
  startWorker,
} from '../src/index.js';
import { type ChargingServer, startCharging } from './charging-server.js';
import { killWorkers } from './kill-workers.js';
import { PAYING } from './paying-job.js';
import { findRedis, type RedisServer, startRedis } from './redis-server.js';

const found = await findRedis();
const why = 'missing' in found ? `: ${found.missing}` : '';
let charging: ChargingServer | undefined;
afterEach(async () => {
  await charging?.close();
  charging = undefined;
});
async function server(options: Parameters<typeof startCharging>[0] = {}): Promise<ChargingServer> {
  charging = await startCharging(options);
  return charging;
}
const questions = ({ url }: ChargingServer, count: number) =>
  Array.from({ length: count }, (_, k) => ({ url, question: `question ${k}` }));

/** Tests that every queue must pass. */
function contract(
  open: (limits?: JobLimits) => Promise<{ queue: JobQueue; close: () => Promise<void> }>,
): void {
  const withQueue = async (limits: JobLimits, use: (queue: JobQueue) => Promise<void>): Promise<void> => {
    const { queue, close } = await open(limits);
    try {
      await use(queue);
    } finally {
      await close();
    }
  };

  test('does each job once, however often it is asked for, and gives results in order', () =>
    withQueue({}, async (queue) => {
      const shop = await server();
      const inputs = [...questions(shop, 10), ...questions(shop, 3)];
      const told: number[] = [];
      const results = await queue.run(PAYING, inputs, { onProgress: ({ done }) => told.push(done) });
      expect(results.map((result) => result.ok && result.value.answer)).toEqual(
        inputs.map(({ question }) => `answer to ${question}`),
      );
      expect(told.at(-1)).toBe(10);
      await queue.run(PAYING, inputs);
      expect(shop.requests).toBe(10);
      expect(await queue.counts()).toEqual({ waiting: 0, running: 0, done: 10, failed: {}, spent: 10 });
      expect(await queue.run(PAYING, [])).toEqual([]);
    }));

  test('does a job once that two callers ask for at the same time', () =>
    withQueue({}, async (queue) => {
      const shop = await server({ milliseconds: 20 });
      const [first, second] = await Promise.all([
        queue.run(PAYING, questions(shop, 6)),
        queue.run(PAYING, questions(shop, 8)),
      ]);
      expect(second?.slice(0, 6)).toEqual(first);
      expect(shop.requests).toBe(8);
      expect(await queue.counts()).toEqual({ waiting: 0, running: 0, done: 8, failed: {}, spent: 8 });
    }));

  test('tries again what may pass, counts what does not by its cause, and tries it anew when asked again', () =>
    withQueue({}, async (queue) => {
      let isOpen = false;
      const shop = await server({
        answer: (question, nth) =>
          question === 'question 1' && nth === 1 ? 503 : question === 'question 2' && !isOpen ? 403 : 200,
      });
      const results = await queue.run(PAYING, questions(shop, 4));
      expect(results.map(({ ok }) => ok)).toEqual([true, true, false, true]);
      expect(results[2]).toMatchObject({
        error: { code: 'refused', message: expect.stringContaining('403') },
      });
      expect(await queue.counts()).toMatchObject({ done: 3, failed: { refused: { count: 1 } }, spent: 3 });
      isOpen = true;
      expect((await queue.run(PAYING, questions(shop, 4))).every(({ ok }) => ok)).toBe(true);
      expect([...shop.charged.values()]).toEqual([1, 1, 1, 1]);
      expect(await queue.counts()).toMatchObject({ done: 4, failed: {}, spent: 4 });
    }));

  test('spends no more than the budget, whatever comes', () =>
    withQueue({ budget: 5 }, async (queue) => {
      const shop = await server();
      const results = await queue.run(PAYING, questions(shop, 12));
      const done = results.filter(({ ok }) => ok).length;
      // Each call reserves 2 and costs 1: the last one that may begin does so with 2 left.
      expect(done).toBeGreaterThanOrEqual(2);
      expect(done).toBeLessThanOrEqual(4);
      expect(shop.requests).toBe(done);
      const { failed, spent } = await queue.counts();
      expect(failed['budget-exceeded']?.count).toBe(12 - done);
      expect(spent).toBe(done);
    }));

  test('makes no more calls in a second than allowed', () =>
    withQueue({ callsPerSecond: 5 }, async (queue) => {
      const shop = await server();
      const second = (): number => Math.floor(Date.now() / 1000);
      const first = second();
      await queue.run(PAYING, questions(shop, 11));
      // Five a second of the clock, however many workers and however slow the machine.
      expect(11).toBeLessThanOrEqual(5 * (second() - first + 1));
      expect(shop.requests).toBe(11);
    }));

  test('is stopped by its signal', () =>
    withQueue({}, async (queue) => {
      const shop = await server({ milliseconds: 50 });
      const stop = new AbortController();
      const running = queue.run(PAYING, questions(shop, 50), {
        signal: stop.signal,
        onProgress: ({ done }) => done > 2 && stop.abort(),
      });
      await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    }));
}

test('refuses a name of a job that cannot be kept', async () => {
  await expect(new LocalQueue().run({ ...PAYING, name: 'a:b' }, [{ url: '', question: '' }])).rejects.toThrow(
    /letters, digits and hyphens/,
  );
});

describe('jobs in this process', () => {
  contract(async (limits) => {
    const queue = new LocalQueue(limits);
    return { queue, close: () => queue.close() };
  });

  test('a caller who stops is told when nothing of theirs runs any more, and another one gets all results', async () => {
    const queue = new LocalQueue();
    let running = 0;
    const job: Job<number, number> = {
      name: 'slow',
      run: async (input, { signal }) => {
        running++;
        try {
          await pause(20, undefined, { signal });
        } finally {
          await pause(5);
          running--;
        }
        return input;
      },
    };
    const inputs = Array.from({ length: 12 }, (_, k) => k);
    const stop = new AbortController();
    const stopped = queue.run(job, inputs, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
    expect(running).toBe(0);
    expect(await queue.counts()).toMatchObject({ waiting: 0, running: 0 });

    const again = new AbortController();
    const leaving = queue.run(job, [20, 21], { signal: again.signal });
    const staying = queue.run(job, [20, 21]);
    again.abort();
    await expect(leaving).rejects.toMatchObject({ code: 'cancelled' });
    expect((await staying).map((result) => result.ok && result.value)).toEqual([20, 21]);
  });
});

describe.skipIf('missing' in found)(`jobs on Redis${why}`, () => {
  let redis: RedisServer;
  let count = 0;
  beforeAll(async () => {
    redis = await startRedis('bin' in found ? found.bin : '');
  });
  afterAll(() => redis?.stop());

  contract(async (limits) => {
    const place = { url: redis.url, prefix: `contract-${count++}` };
    const queue = await RedisQueue.open(place);
    // Two workers share the limits.
    const workers = await Promise.all([0, 1].map(() => startWorker({ ...place, ...limits, jobs: [PAYING] })));
    return {
      queue,
      close: async () => {
        await Promise.all(workers.map((worker) => worker.close()));
        await queue.close();
      },
    };
  });

  test('loses nothing and pays nothing twice where workers are killed', async () => {
    const shop = await server({ milliseconds: 30 });
    const queue = await RedisQueue.open({ url: redis.url });
    const end = await killWorkers(redis.url, shop, 4);
    const results = await queue.run(PAYING, questions(shop, 40));
    const kills = await end();
    expect(kills).toBeGreaterThanOrEqual(3);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(shop.charged.size).toBe(40);
    expect([...shop.charged.values()].every((times) => times === 1)).toBe(true);
    // What was asked again is what was under way at a kill: three at a time.
    expect(shop.requests).toBeLessThanOrEqual(40 + 3 * (kills + 1));
    expect(await queue.counts()).toMatchObject({ done: 40, failed: {}, spent: 40 });
    await queue.close();
  });

  test('says that no server answers, without the password', async () => {
    const error = await RedisQueue.open({ url: 'redis://user:s3cret@127.0.0.1:1' }).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'queue-unreachable', isRetryable: true });
    expect(String(error.message)).not.toContain('s3cret');
  });
});
