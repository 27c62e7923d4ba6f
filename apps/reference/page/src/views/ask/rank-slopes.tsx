import * as Plot from '@observablehq/plot';
import { useCallback } from 'react';
import type { AnswerItem, Candidate } from '../../api/types.js';
import { PlotFigure } from '../../parts/plot-figure.js';
import { shortTitle } from '../../parts/short-title.js';

interface Slope {
  readonly title: string;
  readonly before: number;
  readonly after: number | undefined;
}

/** Lines from the rank of each candidate to its rank in the list. */
export default function RankSlopes(props: {
  readonly candidates: readonly Candidate[];
  readonly items: readonly AnswerItem[];
}) {
  const { candidates, items } = props;
  const options = useCallback((width: number) => slopes(candidates, items, width), [candidates, items]);
  const moved = items.filter((item, index) => candidates[index]?.id !== item.id).length;
  return (
    <PlotFigure
      label={`${items.length} of ${candidates.length} candidates are in the list; ${moved} are on another rank than before ranking.`}
      options={options}
    />
  );
}

function slopes(
  candidates: readonly Candidate[],
  items: readonly AnswerItem[],
  width: number,
): Plot.PlotOptions {
  const after = new Map(items.map(({ id, rank }) => [id, rank]));
  const all: Slope[] = candidates.map(({ id, title }, index) => ({
    title,
    before: index + 1,
    after: after.get(id),
  }));
  // Candidates below the last one that made it are only counted in the table.
  const last = Math.max(
    items.length,
    ...all.filter((slope) => slope.after !== undefined).map(({ before }) => before),
  );
  const shown = all.slice(0, Math.min(last, 50));
  const kept = shown.filter((slope): slope is Slope & { after: number } => slope.after !== undefined);
  const side = Math.floor((width - 70) / 2);
  const letters = Math.max(8, Math.floor(side / 6.6));
  const [left, right] = ['candidates', 'list'] as const;
  return {
    height: Math.max(shown.length, items.length) * 17 + 34,
    marginLeft: side,
    marginRight: side,
    marginTop: 24,
    marginBottom: 6,
    x: { type: 'point', domain: [left, right], axis: 'top', label: null, tickSize: 0 },
    y: { axis: null, domain: [1, Math.max(shown.length, items.length, 2)], reverse: true },
    style: { fontSize: '12px', background: 'none' },
    marks: [
      Plot.link(kept, {
        x1: left,
        x2: right,
        y1: 'before',
        y2: 'after',
        curve: 'bump-x',
        stroke: (slope: (typeof kept)[number]) =>
          slope.after < slope.before
            ? 'var(--teal)'
            : slope.after > slope.before
              ? 'var(--amber)'
              : 'var(--rule-strong)',
        strokeWidth: 1.5,
      }),
      Plot.text(shown, {
        x: left,
        y: 'before',
        text: (slope: Slope) => `${shortTitle(slope.title, letters)}  ${slope.before}`,
        textAnchor: 'end',
        dx: -6,
        fill: (slope: Slope) => (slope.after === undefined ? 'var(--muted)' : 'var(--ink)'),
      }),
      Plot.text(kept, {
        x: right,
        y: 'after',
        text: (slope: (typeof kept)[number]) => `${slope.after}  ${shortTitle(slope.title, letters)}`,
        textAnchor: 'start',
        dx: 6,
      }),
    ],
  };
}
