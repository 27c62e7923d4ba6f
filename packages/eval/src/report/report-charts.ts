import { InvalidInputError, MissingDependencyError, printable } from '@palate/core';
import type { Report, ReportRow } from './report.js';

/** A specification of Vega-Lite. */
export type ChartSpecification = Readonly<Record<string, unknown>>;

const OURS = 'measured here';
const PUBLISHED = 'published by others';

/** A name on one line, without what a terminal would obey and no XML may hold. */
const plain = (name: string): string => printable(name.replace(/\s+/g, ' '));

/** Says who published a figure, in few words: the beginning of the source. */
function publisher({ system, source }: ReportRow): string {
  const [first = ''] = (source ?? '').split(/[;,:]/);
  const words = first.trim().split(' ').slice(0, 3).join(' ');
  return words === '' || words === system ? system : `${system} (${words})`;
}

/**
 * Describes a chart of one metric of a report: a line a system, its mean as a point, its interval or deviation as a line through it.
 * Measured and published figures differ by colour and shape, and every name is written out.
 *
 * @throws InvalidInputError if no row has the metric
 */
export function reportChart(report: Report, metric: string): ChartSpecification {
  const rows = report.rows.filter((row) => row.metrics[metric]);
  if (rows.length === 0)
    throw new InvalidInputError({
      expected: 'a metric of the report',
      received: metric,
      hint: `Take one of ${report.metrics.join(', ')}.`,
    });
  const values = rows.flatMap((row, k) => {
    const value = row.metrics[metric];
    if (!value) return [];
    const { mean, deviation = 0, low = mean - deviation, high = mean + deviation } = value;
    return [{ row: k, mean, low, high, kind: row.source === undefined ? OURS : PUBLISHED }];
  });
  const kinds = { domain: [OURS, PUBLISHED] };
  // Two rows may have one name: they are told apart by their number, and the axis shows the names.
  const y = {
    field: 'row',
    type: 'ordinal',
    sort: null,
    title: null,
    axis: { labelExpr: 'names[datum.value]', labelLimit: 0, ticks: false, domain: false, labelPadding: 8 },
  };
  const colour = {
    field: 'kind',
    type: 'nominal',
    title: null,
    scale: { ...kinds, range: ['#2f6db3', '#c2571a'] },
    legend: { orient: 'top' },
  };
  return {
    background: 'white',
    width: 380,
    height: { step: 19 },
    params: [
      {
        name: 'names',
        value: rows.map((row) => plain(row.source === undefined ? row.system : publisher(row))),
      },
    ],
    data: { values },
    encoding: { y },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 2, opacity: 0.55 },
        encoding: {
          x: { field: 'low', type: 'quantitative', scale: { zero: true }, title: metric },
          x2: { field: 'high' },
          color: colour,
        },
      },
      {
        mark: { type: 'point', filled: true, size: 55, opacity: 1 },
        encoding: {
          x: { field: 'mean', type: 'quantitative' },
          color: colour,
          shape: {
            field: 'kind',
            type: 'nominal',
            title: null,
            scale: { ...kinds, range: ['circle', 'diamond'] },
            legend: { orient: 'top' },
          },
        },
      },
    ],
    config: { font: 'Helvetica, Arial, sans-serif', view: { stroke: null }, axis: { labelFontSize: 12 } },
  };
}

/**
 * Draws a chart as SVG, without a browser.
 *
 * @throws MissingDependencyError if vega or vega-lite, the optional packages that draw, are not installed
 */
export async function drawChart(specification: ChartSpecification): Promise<string> {
  const neededFor = 'charts of a report';
  const [vega, vegaLite] = await Promise.all([
    import('vega').catch((cause: unknown) => {
      throw new MissingDependencyError('vega', neededFor, cause);
    }),
    import('vega-lite').catch((cause: unknown) => {
      throw new MissingDependencyError('vega-lite', neededFor, cause);
    }),
  ]);
  // The compiler checks what it is given.
  const { spec } = vegaLite.compile(specification as unknown as Parameters<typeof vegaLite.compile>[0]);
  return new vega.View(vega.parse(spec), { renderer: 'none' }).toSVG();
}
