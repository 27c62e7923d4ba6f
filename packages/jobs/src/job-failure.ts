import { PalateError } from '@palate/core';

/** Why a job has no result. */
export interface JobFailure {
  /** Code of its error; `unexpected` of one that has none. */
  readonly code: string;
  readonly message: string;
}

/** Failures by their code, with an example of each. */
export type FailureCounts = Readonly<Record<string, { readonly count: number; readonly example: string }>>;

/** The failure that an error is. */
export function failureOf(error: unknown): JobFailure {
  return {
    code: PalateError.is(error) ? error.code : 'unexpected',
    message: error instanceof Error ? error.message : String(error),
  };
}

/** A failure as a queue keeps it that has room for one text. */
export const failureInWords = ({ code, message }: JobFailure): string => `[${code}] ${message}`;

/** Reads what {@link failureInWords} wrote; any other text is the message. */
export function failureFromWords(words: string): JobFailure {
  const [, code = 'unexpected', message = words] = /^\[([a-z-]+)\] ([\s\S]*)$/.exec(words) ?? [];
  return { code, message };
}

/** Counts failures by their cause. */
export function countFailures(failures: readonly JobFailure[]): FailureCounts {
  const counts: Record<string, { count: number; example: string }> = {};
  for (const { code, message } of failures) {
    const known = counts[code] ?? { count: 0, example: message };
    counts[code] = { ...known, count: known.count + 1 };
  }
  return counts;
}
