/**
 * Report of what a loader understood of its files and what it left out: nothing is dropped without being counted
 * here.
 */
export interface ReadingReport {
  /** The files that interactions were read from, in order. */
  readonly files: readonly string[];
  /** Rows (lines, records, elements of sequences) that were read. */
  readonly rows: number;
  /** Rows that became interactions. */
  readonly interactions: number;
  /** Rows left out by a rule that the caller or the format's loader set, by cause; `{}` where none were. */
  readonly skipped: Readonly<Record<string, number>>;
  /** How times were read: `'milliseconds'`, `'iso'`, …, or `'position'` where the row order is the time. */
  readonly timestampUnit: string;
  /** Remarks for a reader of the data, in words. */
  readonly notes: readonly string[];
}
