import type { ChartSpecification } from '@palate/eval';
import { spreadLabels } from './spread-labels.js';

/** A system in a chart: its points, the last of which is named. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Axes of a chart. */
interface Axes {
  readonly x: string;
  readonly y: string;
  /** A logarithmic axis. Default: linear. */
  readonly logX?: boolean;
  /** Where the vertical axis begins. Default 0. */
  readonly bottom?: number;
}

const WIDTH = 400;
const LEAST_HEIGHT = 300;
/** Height of a line of text. */
const LINE = 16;
const COLOURS = ['#2f6db3', '#c2571a', '#3a8a4d', '#8a4fa3', '#b03a5b', '#5c6f7b'];

/**
 * Describes a chart of series whose names stand in a column beside it, in the order of their last points and never one over
 * another; a thin line leads from each point to its name.
 */
export function labelledChart(
  series: readonly Series[],
  { x, y, logX = false, bottom = 0 }: Axes,
): ChartSpecification {
  const height = Math.max(LEAST_HEIGHT, series.length * LINE + LINE);
  const highest = Math.max(...series.flatMap(({ points }) => points.map((point) => point.y)));
  const top = highest + 0.04 * (highest - bottom);
  const isCurve = series.some(({ points }) => points.length > 1);
  const lastOf = ({ points }: Series): { x: number; y: number } => points.at(-1) ?? { x: 1, y: 0 };
  const pixels = series.map((each) => (height * (top - lastOf(each).y)) / (top - bottom));
  const spread = spreadLabels(pixels, LINE);
  const values = series.flatMap(({ points, name }) => points.map((point) => ({ ...point, name })));
  // Where names stand, in the units of the axis.
  const ends = series.map((each, k) => ({
    ...lastOf(each),
    name: each.name,
    at: top - ((spread[k] ?? 0) / height) * (top - bottom),
  }));
  const colour = {
    field: 'name',
    type: 'nominal',
    legend: null,
    sort: null,
    scale: { range: isCurve ? COLOURS : ['#2f6db3'] },
  };
  const encoding = {
    x: {
      field: 'x',
      type: 'quantitative',
      title: x,
      scale: { type: logX ? 'log' : 'linear', nice: false, padding: 8 },
      axis: logX ? { tickCount: 6, grid: false, format: '~g' } : { grid: false },
    },
    y: {
      field: 'y',
      type: 'quantitative',
      title: y,
      scale: { domain: [bottom, top], nice: false },
      axis: { tickCount: 6 },
    },
    color: colour,
  };
  return {
    background: 'white',
    width: WIDTH,
    height,
    layer: [
      {
        data: { values },
        mark: isCurve
          ? { type: 'line', strokeWidth: 2 }
          : { type: 'point', filled: true, size: 55, opacity: 1 },
        encoding,
      },
      {
        data: { values: ends },
        mark: { type: 'rule', strokeWidth: 0.7, opacity: 0.6 },
        encoding: {
          ...encoding,
          x2: { value: WIDTH + 12 },
          y2: { field: 'at' },
        },
      },
      {
        data: { values: ends },
        mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: 12, limit: 0 },
        encoding: {
          x: { value: WIDTH + 16 },
          y: { ...encoding.y, field: 'at' },
          text: { field: 'name', type: 'nominal' },
          color: isCurve ? colour : { value: '#222222' },
        },
      },
    ],
    config: { font: 'Helvetica, Arial, sans-serif', view: { stroke: null }, axis: { labelFontSize: 11 } },
  };
}
