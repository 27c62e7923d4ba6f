/** One cell of a committed table: its text, and the numbers in it where it is a measured value. */
export interface TableValue {
  readonly text: string;
  readonly mean?: number;
  readonly low?: number;
  readonly high?: number;
  readonly deviation?: number;
  readonly unit?: '%';
  readonly isBest?: boolean;
}

/** A row: measured here, or published by others. */
export interface BenchmarkRow {
  readonly cells: readonly TableValue[];
  readonly published?: string;
  readonly note?: string;
  readonly cost?: { readonly fitSeconds: number; readonly rankSeconds: number; readonly users: number };
}

/** A committed table of the benchmark app. */
export interface BenchmarkTable {
  readonly name: string;
  readonly kind: 'leaderboard' | 'study';
  readonly title: string;
  readonly notes: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly BenchmarkRow[];
}
