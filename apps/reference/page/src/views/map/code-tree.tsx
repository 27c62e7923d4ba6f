import type { CSSProperties } from 'react';
import { hrefOf } from '../../routing/route.js';
import { type CodeNode, childrenOf } from './map-tree.js';

/** Titles shown under a code before the rest is only counted. */
const TITLES = 30;

interface TreeProps {
  readonly nodes: readonly CodeNode[];
  /** Codes on the way to here. */
  readonly above?: readonly number[];
  /** Codes that are open. */
  readonly open: readonly number[];
  readonly colours: ReadonlyMap<number, string>;
  readonly onOpen: (codes: readonly number[]) => void;
}

/** The codes of one level, each to be opened to the next; below the last lie titles. */
export function CodeTree({ nodes, above = [], open, colours, onOpen }: TreeProps) {
  const most = Math.max(1, ...nodes.map(({ points }) => points.length));
  return (
    <ul className="code-tree">
      {nodes.map(({ code, points }) => {
        const path = [...above, code];
        const isOpen = path.every((each, level) => open[level] === each);
        const colour = colours.get(path[0] ?? -1) ?? 'var(--series-0)';
        return (
          <li key={code}>
            <button
              type="button"
              aria-expanded={isOpen}
              onClick={() => onOpen(isOpen ? above : path)}
              style={{ '--series': colour, '--share': points.length / most } as CSSProperties}
            >
              <span className="mono">{path.join('-')}</span>
              <span className="code-bar" aria-hidden="true" />
              <span className="numbers small muted">
                {points.length}
                <span className="unseen"> items</span>
              </span>
            </button>
            {isOpen ? (
              <Below points={points} path={path} open={open} colours={colours} onOpen={onOpen} />
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}

/** Content of an open code: more codes, or titles where only the code that tells items apart is left. */
function Below(props: {
  readonly points: CodeNode['points'];
  readonly path: readonly number[];
  readonly open: readonly number[];
  readonly colours: ReadonlyMap<number, string>;
  readonly onOpen: (codes: readonly number[]) => void;
}) {
  const { points, path, open, colours, onOpen } = props;
  const depth = points[0]?.codes.length ?? 0;
  if (path.length < depth - 1 && points.length > 5)
    return (
      <CodeTree
        nodes={childrenOf(points, path.length)}
        above={path}
        open={open}
        colours={colours}
        onOpen={onOpen}
      />
    );
  return (
    <ul className="code-titles">
      {points
        .slice(-TITLES)
        .reverse()
        .map(({ id, title }) => (
          <li key={id}>
            <a href={hrefOf('map', { item: id, code: path.map(String) })}>{title}</a>
          </li>
        ))}
      {points.length > TITLES ? <li className="muted small">and {points.length - TITLES} more</li> : null}
    </ul>
  );
}
