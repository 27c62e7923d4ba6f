import * as Plot from '@observablehq/plot';
import { useCallback } from 'react';
import { PlotFigure } from '../../parts/plot-figure.js';
import { shortTitle } from '../../parts/short-title.js';
import type { MapPoint } from './map-tree.js';

/** Items that are few enough to be named on the plane. */
const NAMED = 14;

interface PlaneProps {
  readonly points: readonly MapPoint[];
  /** Items in full colour; all of them if left out. */
  readonly lit: readonly MapPoint[] | undefined;
  readonly chosen: MapPoint | undefined;
  /** Colour by first code; others are grey. */
  readonly colours: ReadonlyMap<number, string>;
  readonly onPick: (id: string) => void;
}

/** The items as dots: near by text, coloured by first code, larger where they are often chosen. */
export function Plane({ points, lit, chosen, colours, onPick }: PlaneProps) {
  const options = useCallback(
    (width: number) => plane(points, lit, chosen, colours, width),
    [points, lit, chosen, colours],
  );
  return (
    <PlotFigure
      label={`${points.length} items on a plane by the likeness of their texts. The tree of semantic IDs and the search beside it list the same items in words.`}
      options={options}
      onPick={(datum) => onPick((datum as MapPoint).id)}
    />
  );
}

function plane(
  points: readonly MapPoint[],
  lit: readonly MapPoint[] | undefined,
  chosen: MapPoint | undefined,
  colours: ReadonlyMap<number, string>,
  width: number,
): Plot.PlotOptions {
  const most = Math.max(1, ...points.map(({ interactions }) => interactions));
  const radius = ({ interactions }: MapPoint): number => 1.6 + 4.4 * Math.sqrt(interactions / most);
  const colour = ({ codes }: MapPoint): string => colours.get(codes[0] ?? -1) ?? 'var(--series-0)';
  const shown = lit ?? points;
  const named = [
    ...(lit && lit.length <= NAMED ? lit.filter(({ id }) => id !== chosen?.id) : []),
    ...(chosen ? [chosen] : []),
  ];
  return {
    height: Math.round(Math.min(640, Math.max(340, width * 0.74))),
    margin: 10,
    x: { axis: null, domain: [-1.03, 1.03] },
    y: { axis: null, domain: [-1.03, 1.03] },
    r: { type: 'identity' },
    style: { fontSize: '12.5px', background: 'none' },
    marks: [
      lit
        ? Plot.dot(points, { x: 'x', y: 'y', r: radius, fill: 'var(--series-0)', fillOpacity: 0.35 })
        : null,
      Plot.dot(shown, { x: 'x', y: 'y', r: radius, fill: colour, fillOpacity: lit ? 0.95 : 0.72 }),
      chosen
        ? Plot.dot([chosen], { x: 'x', y: 'y', r: 9, stroke: 'var(--ink)', strokeWidth: 2, fill: 'none' })
        : null,
      ...(
        [
          [named.filter(({ x }) => x <= 0.2), 'start', 12],
          [named.filter(({ x }) => x > 0.2), 'end', -12],
        ] as const
      ).map(([own, textAnchor, dx]) =>
        Plot.text(own, {
          x: 'x',
          y: 'y',
          text: ({ title }: MapPoint) => shortTitle(title, 34),
          textAnchor,
          dx,
          fontWeight: 600,
          stroke: 'var(--paper)',
          strokeWidth: 4,
          fill: 'var(--ink)',
        }),
      ),
      Plot.tip(
        shown,
        Plot.pointer({
          x: 'x',
          y: 'y',
          title: ({ title, codes, interactions }: MapPoint) =>
            `${title}\n${codes.join('-')}\nchosen ${interactions} times`,
          fill: 'var(--sheet)',
          stroke: 'var(--rule-strong)',
        }),
      ),
    ],
  };
}
