import { RedisQueue } from '@palate/jobs';
import type { JobView } from './jobs.js';

/** Sees what the workers of a queue do, as one job: how far all of it is, and what failed by cause. */
export class QueueJobs {
  readonly #url: string;
  #queue: RedisQueue | undefined;
  #startedAt = 0;
  #endedAt: number | undefined;

  /** @param url - `redis://…` */
  constructor(url: string) {
    this.#url = url;
  }

  /** The state of the queue; undefined while nothing was ever asked of it. */
  async newest(): Promise<JobView | undefined> {
    this.#queue ??= await RedisQueue.open({ url: this.#url });
    const { waiting, running, done, failed } = await this.#queue.counts();
    const failures = Object.entries(failed)
      .map(([code, { count, example }]) => ({ code, count, example }))
      .sort((a, b) => b.count - a.count);
    const failing = failures.reduce((sum, { count }) => sum + count, 0);
    const total = waiting + running + done + failing;
    if (total === 0) return undefined;
    const isRunning = waiting + running > 0;
    this.#startedAt ||= Date.now();
    this.#endedAt = isRunning ? undefined : (this.#endedAt ?? Date.now());
    return {
      id: 'queue',
      kind: 'queue',
      title: 'Jobs of the workers',
      state: isRunning ? 'running' : failing > 0 ? 'failed' : 'done',
      progress: { done: done + failing, total, message: `${running} under way` },
      startedAt: this.#startedAt,
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
      failures,
    };
  }

  async close(): Promise<void> {
    await this.#queue?.close();
  }
}
