import * as Plot from '@observablehq/plot';
import { useCallback } from 'react';
import { PlotFigure } from '../../parts/plot-figure.js';
import { shortTitle } from '../../parts/short-title.js';
import { endsOf, type Metric, type PlottedRow } from './read-rows.js';

/** Each row as a dot with its interval; numbers of papers as open diamonds. */
export function ValuesPlot({
  rows,
  metric,
}: {
  readonly rows: readonly PlottedRow[];
  readonly metric: Metric;
}) {
  const options = useCallback((width: number) => valuesPlot(rows, metric, width), [rows, metric]);
  const [best] = rows;
  return (
    <PlotFigure
      label={`${metric.name} of ${rows.length} rows; the best is ${best?.name ?? 'none'} with ${best?.value.text ?? ''}. The table below holds all numbers.`}
      options={options}
    />
  );
}

function valuesPlot(rows: readonly PlottedRow[], metric: Metric, width: number): Plot.PlotOptions {
  const isNarrow = width < 560;
  const marginLeft = isNarrow ? 0 : Math.min(330, Math.round(width * 0.36));
  const letters = isNarrow ? Math.floor(width / 7.2) : Math.floor(marginLeft / 7);
  const measured = rows.filter(({ row }) => row.published === undefined);
  const published = rows.filter(({ row }) => row.published !== undefined);
  const tip = ({ name, value, row }: PlottedRow): string =>
    [name, `${metric.name} ${value.text}`, row.published ? `Paper: ${row.published}` : (row.note ?? '')]
      .filter(Boolean)
      .join('\n');
  return {
    height: rows.length * (isNarrow ? 38 : 26) + 44,
    marginLeft: marginLeft + 8,
    marginRight: 16,
    marginTop: 4,
    marginBottom: 36,
    x: { label: null, grid: true, nice: true, ticks: Math.max(3, Math.floor(width / 110)) },
    y: { type: 'band', domain: rows.map(({ key }) => key), axis: null, padding: 0.1 },
    style: { fontSize: '13px', background: 'none' },
    marks: [
      isNarrow
        ? Plot.text(rows, {
            y: 'key',
            text: ({ name }: PlottedRow) => shortTitle(name, letters),
            frameAnchor: 'left',
            textAnchor: 'start',
            dy: -12,
            fontSize: 12,
            fill: 'var(--muted)',
          })
        : Plot.text(rows, {
            y: 'key',
            text: ({ name }: PlottedRow) => shortTitle(name, letters),
            frameAnchor: 'left',
            textAnchor: 'end',
            dx: -12,
            fill: ({ row }: PlottedRow) => (row.published === undefined ? 'var(--ink)' : 'var(--amber)'),
          }),
      Plot.ruleY(rows, {
        y: 'key',
        x1: (row: PlottedRow) => endsOf(row.value)[0],
        x2: (row: PlottedRow) => endsOf(row.value)[1],
        stroke: 'var(--accent)',
        strokeWidth: 2,
        strokeOpacity: 0.55,
        dy: isNarrow ? 5 : 0,
      }),
      Plot.dot(measured, {
        y: 'key',
        x: (row: PlottedRow) => row.value.mean,
        r: 4.5,
        fill: 'var(--accent)',
        dy: isNarrow ? 5 : 0,
      }),
      Plot.dot(published, {
        y: 'key',
        x: (row: PlottedRow) => row.value.mean,
        r: 4.5,
        symbol: 'diamond',
        stroke: 'var(--amber)',
        strokeWidth: 2,
        fill: 'var(--paper)',
        dy: isNarrow ? 5 : 0,
      }),
      Plot.tip(
        rows,
        Plot.pointerY({
          y: 'key',
          x: (row: PlottedRow) => row.value.mean,
          title: tip,
          fill: 'var(--sheet)',
          stroke: 'var(--rule-strong)',
          lineWidth: 30,
        }),
      ),
    ],
  };
}
