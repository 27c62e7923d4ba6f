import type { LargeLog } from './large-log.js';

/** Parts of a large log; their dense numbers are those of the log that was split. */
export class LargeSplit {
  readonly train: LargeLog;
  readonly validation: LargeLog | undefined;
  readonly test: LargeLog;
  /** The rule in words, with its parameters, as it goes beside results. */
  readonly description: string;

  constructor(parts: {
    readonly train: LargeLog;
    readonly validation: LargeLog | undefined;
    readonly test: LargeLog;
    readonly description: string;
  }) {
    this.train = parts.train;
    this.validation = parts.validation;
    this.test = parts.test;
    this.description = parts.description;
  }
}
