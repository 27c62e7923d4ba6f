// What the server reads of the committed tables.
export type { BenchmarkRow, BenchmarkTable } from '../../../src/benchmarks/read-benchmarks.js';
export type { TableValue } from '../../../src/benchmarks/table-values.js';
