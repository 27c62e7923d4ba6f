import * as Plot from '@observablehq/plot';
import { useCallback } from 'react';
import { PlotFigure } from '../../parts/plot-figure.js';
import { shortTitle } from '../../parts/short-title.js';
import { costOf, duration, frontOf } from './cost.js';
import type { Metric, PlottedRow } from './read-rows.js';

/** Plot of what each row costs, on a logarithmic scale, against what it is worth; the line joins those that nothing beats. */
export function CostPlot(props: {
  readonly rows: readonly PlottedRow[];
  readonly metric: Metric;
  readonly cost: 'fit' | 'rank';
}) {
  const { rows, metric, cost } = props;
  const options = useCallback((width: number) => costPlot(rows, metric, cost, width), [rows, metric, cost]);
  const front = frontOf(rows, metric, cost);
  return (
    <>
      <PlotFigure
        label={`Cost against ${metric.name} of ${rows.length} rows. Nothing is both cheaper and better than ${front.map(({ name }) => name).join('; ')}.`}
        options={options}
      />
      <p className="small muted">
        Seconds as recorded with the results, the longest of the seeds; not timed on an idle machine, so good
        for orders of magnitude. The line joins the rows that no other beats in both.
      </p>
    </>
  );
}

function costPlot(
  rows: readonly PlottedRow[],
  metric: Metric,
  cost: 'fit' | 'rank',
  width: number,
): Plot.PlotOptions {
  const front = frontOf(rows, metric, cost);
  const x = (row: PlottedRow): number => costOf(row, cost);
  const y = (row: PlottedRow): number => row.value.mean;
  const isNarrow = width < 560;
  return {
    height: isNarrow ? 300 : 380,
    marginTop: 34,
    marginLeft: 56,
    marginRight: isNarrow ? 20 : 150,
    marginBottom: 40,
    x: {
      type: 'log',
      grid: true,
      label: null,
      ticks: Math.max(2, Math.floor(width / 160)),
      tickFormat: (seconds: number) => duration(seconds),
    },
    y: {
      grid: true,
      nice: true,
      label: `${metric.name} (${metric.isBetter} is better)`,
      reverse: metric.isBetter === 'lower',
    },
    style: { fontSize: '13px', background: 'none' },
    marks: [
      Plot.line(front, {
        x,
        y,
        curve: 'step-after',
        stroke: 'var(--accent)',
        strokeOpacity: 0.4,
        strokeWidth: 1.5,
      }),
      Plot.dot(rows, {
        x,
        y,
        r: 4.5,
        fill: (row: PlottedRow) => (front.includes(row) ? 'var(--accent)' : 'var(--rule-strong)'),
      }),
      isNarrow
        ? null
        : Plot.text(front, {
            x,
            y,
            text: ({ name }: PlottedRow) => shortTitle(name, 30),
            textAnchor: 'start',
            dx: 8,
            dy: -8,
            fontSize: 12,
            stroke: 'var(--paper)',
            strokeWidth: 4,
            fill: 'var(--ink)',
          }),
      Plot.tip(
        rows,
        Plot.pointer({
          x,
          y,
          title: (row: PlottedRow) =>
            `${row.name}\n${metric.name} ${row.value.text}\n${duration(costOf(row, cost))}`,
          fill: 'var(--sheet)',
          stroke: 'var(--rule-strong)',
        }),
      ),
    ],
  };
}
