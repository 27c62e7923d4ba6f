import { type JobQueue, LocalQueue, RedisQueue } from '@palate/jobs';

/** Calls with the queue of workers at an address; closes it afterwards. */
export function withWorkers<T>(url: string, use: (queue: RedisQueue) => Promise<T>): Promise<T> {
  return closing(RedisQueue.open({ url }), use);
}

/** Calls with the queue at an address, or with one of this process, a job at a time; closes it afterwards. */
export function withQueue<T>(url: string | undefined, use: (queue: JobQueue) => Promise<T>): Promise<T> {
  return url === undefined
    ? closing(Promise.resolve(new LocalQueue({ concurrency: 1 })), use)
    : withWorkers(url, use);
}

async function closing<Q extends JobQueue, T>(opened: Promise<Q>, use: (queue: Q) => Promise<T>): Promise<T> {
  const queue = await opened;
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}
