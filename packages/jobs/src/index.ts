export {
  type AnswerJobOptions,
  answerJob,
  type ModelByJobsOptions,
  modelByJobs,
  type RequestJob,
} from './answer-job.js';
export { BatchQueue, type BatchQueueOptions } from './batch-queue.js';
export type { JobLimits } from './call-ledger.js';
export { type EncoderByJobsOptions, encodeJob, encoderByJobs } from './encode-job.js';
export type { Job, JobContext, JobResult, PaidCall } from './job.js';
export type { FailureCounts, JobFailure } from './job-failure.js';
export type { JobCounts, JobQueue } from './job-queue.js';
export { LocalQueue, type LocalQueueOptions } from './local-queue.js';
export { RedisQueue, type RedisQueueOptions } from './redis-queue.js';
export { type RunningWorker, startWorker, type WorkerOptions } from './redis-worker.js';
export { combinationsOf, runTrials, type Trial, type Trials } from './trials.js';
