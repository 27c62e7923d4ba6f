import { type JobQueue, LocalQueue, RedisQueue } from '@palate/jobs';

/** Calls with the queue at an address, or with one of this process, a job at a time; closes it afterwards. */
export async function withQueue<T>(
  url: string | undefined,
  use: (queue: JobQueue) => Promise<T>,
): Promise<T> {
  const queue = url === undefined ? new LocalQueue({ concurrency: 1 }) : await RedisQueue.open({ url });
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}
