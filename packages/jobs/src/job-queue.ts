import type { LongCallOptions } from '@palate/core';
import type { Job, JobResult } from './job.js';
import type { FailureCounts } from './job-failure.js';

/** How many jobs of a queue are in which state. */
export interface JobCounts {
  readonly waiting: number;
  readonly running: number;
  readonly done: number;
  /** Failed jobs by the code of their error, with an example of each. */
  readonly failed: FailureCounts;
  /** Cost of paid calls so far, with what is reserved for those under way. */
  readonly spent: number;
}

/** Does jobs, here or elsewhere. */
export interface JobQueue {
  /**
   * Has a job done for each input, and waits for all of them. What was done before under the same key is given as it was; what
   * failed is tried again.
   *
   * @returns results in the order of the inputs
   * @throws CancelledError if `signal` fires: jobs in this process stop, those of workers elsewhere go on
   */
  run<I, O>(
    job: Job<I, O>,
    inputs: readonly I[],
    options?: Omit<LongCallOptions, 'seed'>,
  ): Promise<JobResult<O>[]>;
  counts(): Promise<JobCounts>;
  close(): Promise<void>;
}

/** Milliseconds before each further try of a job whose failure may pass. */
export const PAUSES = [200, 1000, 5000, 20_000];
