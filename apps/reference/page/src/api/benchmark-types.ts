// The committed tables as the server reads them.
export type { BenchmarkRow, BenchmarkTable } from '../../../src/benchmarks/read-benchmarks.js';
export type { TableValue } from '../../../src/benchmarks/table-values.js';
