import { ParseError } from '@palate/core';
import { positionOf, type RowPosition } from './row-position.js';

/** Why a row can be left out, when its cause is listed in `skip`; otherwise the row is an error. */
export const SKIP_CAUSES = [
  'no-user',
  'no-item',
  'no-rating',
  'no-time',
  'bad-rating',
  'bad-time',
  'wrong-width',
  'malformed',
] as const;

/** One of {@link SKIP_CAUSES}. */
export type SkipCause = (typeof SKIP_CAUSES)[number];

/** Rows that cannot be interactions: each is an error with its position, or left out and counted where its cause is listed. */
export class RowFaults {
  readonly #skip: ReadonlySet<SkipCause>;
  readonly #skipped = new Map<string, number>();
  #count = 0;

  constructor(skip: readonly SkipCause[] = []) {
    this.#skip = new Set(skip);
  }

  /** Rows that were left out. */
  get count(): number {
    return this.#count;
  }

  /** Rows that were left out, by cause. */
  get byCause(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#skipped].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Counts rows that a rule leaves out. */
  leaveOut(cause: string, count = 1): void {
    this.#count += count;
    this.#skipped.set(cause, (this.#skipped.get(cause) ?? 0) + count);
  }

  /**
   * Leaves a faulty row out where its cause is listed.
   *
   * @throws the error otherwise
   */
  fault(cause: SkipCause, error: () => ParseError): void {
    if (!this.#skip.has(cause)) throw error();
    this.leaveOut(cause);
  }
}

/** Advice about most faults of a row. */
export const HINT = 'Repair or remove the line, or correct the column map.';

/** Advice about a row in which something is missing. */
export const hintWithout = (cause: SkipCause): string =>
  `${HINT} Rows without one are left out with skip: ['${cause}'] (--skip ${cause}).`;

/** The error of a row. */
export function faultAt(
  at: RowPosition,
  expected: string,
  received: string,
  hint: string,
  cause?: unknown,
): ParseError {
  return new ParseError(positionOf(at), { expected, received, hint, cause });
}
