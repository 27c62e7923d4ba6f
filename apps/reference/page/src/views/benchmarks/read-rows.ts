import type { BenchmarkRow, BenchmarkTable, TableValue } from '../../api/benchmark-types.js';

/** A column whose numbers can be drawn. */
export interface Metric {
  readonly name: string;
  readonly column: number;
  readonly isBetter: 'higher' | 'lower';
}

/** A row with its name and the value of one metric. */
export interface PlottedRow {
  readonly key: string;
  readonly name: string;
  readonly value: TableValue & { readonly mean: number };
  readonly row: BenchmarkRow;
}

/** How many leading columns name a row: as few as tell the measured ones apart. */
export function nameColumns({ rows, columns }: BenchmarkTable): number {
  const measured = rows.filter(({ published }) => published === undefined);
  for (let count = 1; count < columns.length; count++) {
    const names = measured.map(({ cells }) => nameOf(cells, count));
    if (new Set(names).size === names.length) return count;
  }
  return 1;
}

const nameOf = (cells: readonly TableValue[], count: number): string =>
  cells
    .slice(0, count)
    .map(({ text }) => text)
    .filter((text) => text !== '')
    .join(', ');

/** Columns of numbers that mean the same in every row; none of a table whose rows are different measures. */
export function metricsOf(table: BenchmarkTable): Metric[] {
  if (table.columns[0] === '') return [];
  const from = nameColumns(table);
  return table.columns.flatMap((name, column) => {
    const isPlotted =
      column >= from && name !== 'p' && table.rows.some(({ cells }) => cells[column]?.mean !== undefined);
    return isPlotted ? [{ name, column, isBetter: isLowerBetter(name) ? 'lower' : 'higher' }] : [];
  });
}

const isLowerBetter = (name: string): boolean => /rmse|mae|log ?loss|\bms\b|ratio|\bcut\b/i.test(name);

/** The rows that have a value of a metric, the best first. */
export function plottedRows(
  table: BenchmarkTable,
  metric: Metric,
  wanted: { readonly words: string; readonly papers: boolean },
): PlottedRow[] {
  const count = nameColumns(table);
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = table.rows.flatMap((row, index): PlottedRow[] => {
    const value = row.cells[metric.column];
    const name = nameOf(row.cells, row.published === undefined ? count : 1);
    const text = `${name} ${row.published ?? ''}`.toLowerCase();
    if (value?.mean === undefined || (row.published !== undefined && !wanted.papers)) return [];
    if (!words.every((word) => text.includes(word))) return [];
    return [{ key: String(index), name, value: { ...value, mean: value.mean }, row }];
  });
  const sign = metric.isBetter === 'higher' ? -1 : 1;
  return rows.sort((a, b) => sign * (a.value.mean - b.value.mean));
}

/** The ends of what is known of a value: an interval, a deviation either way, or the value alone. */
export function endsOf({ mean, low, high, deviation }: PlottedRow['value']): readonly [number, number] {
  if (low !== undefined && high !== undefined) return [low, high];
  return deviation === undefined ? [mean, mean] : [mean - deviation, mean + deviation];
}
