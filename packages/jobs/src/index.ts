export type { JobLimits } from './call-ledger.js';
export type { Job, JobContext, JobResult, PaidCall } from './job.js';
export type { FailureCounts, JobFailure } from './job-failure.js';
export type { JobCounts, JobQueue } from './job-queue.js';
export { LocalQueue, type LocalQueueOptions } from './local-queue.js';
export { RedisQueue, type RedisQueueOptions } from './redis-queue.js';
export { type RunningWorker, startWorker, type WorkerOptions } from './redis-worker.js';
