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
  const side = Math.floor((width - 56) / 2);
  const letters = Math.max(8, Math.floor((side - 30) / 6.4));
  const [left, right] = [() => 0, () => 1];
  const rows = Math.max(shown.length, items.length, 2);
  const colour = (slope: Slope): string => {
    if (slope.after === undefined || slope.after === slope.before) return 'var(--rule-strong)';
    return slope.after < slope.before ? 'var(--teal)' : 'var(--amber)';
  };
  return {
    height: rows * 18 + 44,
    marginLeft: side,
    marginRight: side,
    marginTop: 34,
    marginBottom: 10,
    x: { axis: null, domain: [0, 1] },
    y: { axis: null, domain: [rows, 1] },
    style: { fontSize: '12.5px', background: 'none' },
    marks: [
      Plot.text([{ x: 0, text: 'Before ranking' }], {
        x: 'x',
        text: 'text',
        frameAnchor: 'top',
        textAnchor: 'end',
        dx: -8,
        dy: -26,
        fill: 'var(--muted)',
      }),
      Plot.text([{ x: 1, text: 'In the list' }], {
        x: 'x',
        text: 'text',
        frameAnchor: 'top',
        textAnchor: 'start',
        dx: 8,
        dy: -26,
        fill: 'var(--muted)',
      }),
      Plot.link(kept, {
        x1: left,
        x2: right,
        y1: 'before',
        y2: 'after',
        curve: 'bump-x',
        stroke: colour,
        strokeWidth: 1.75,
      }),
      Plot.text(shown, {
        x: left,
        y: 'before',
        text: 'before',
        textAnchor: 'end',
        dx: -8,
        fill: 'var(--muted)',
      }),
      Plot.text(shown, {
        x: left,
        y: 'before',
        text: (slope: Slope) => shortTitle(slope.title, letters),
        textAnchor: 'end',
        dx: -30,
        fill: (slope: Slope) => (slope.after === undefined ? 'var(--muted)' : 'var(--ink)'),
      }),
      Plot.text(kept, {
        x: right,
        y: 'after',
        text: 'after',
        textAnchor: 'end',
        dx: 22,
        fill: 'var(--muted)',
      }),
      Plot.text(kept, {
        x: right,
        y: 'after',
        text: (slope: Slope) => shortTitle(slope.title, letters),
        textAnchor: 'start',
        dx: 30,
      }),
    ],
  };
}
