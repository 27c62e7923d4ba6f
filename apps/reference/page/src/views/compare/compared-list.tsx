import type { AnswerItem } from '../../api/types.js';
import { hrefOf } from '../../routing/route.js';
import { type Difference, differences } from './compared.js';

/** One of several lists: what only it holds is marked, and how far an item moved against the first. */
export function ComparedList(props: {
  readonly lists: readonly (readonly AnswerItem[])[];
  readonly index: number;
  /** Item that is pointed at in any of the lists. */
  readonly marked: string | undefined;
  readonly onMark: (id: string | undefined) => void;
}) {
  const { lists, index, marked, onMark } = props;
  const known = differences(lists, index);
  const isAlone = lists.length < 2;
  return (
    <ol className="compared-list">
      {lists[index]?.map(({ id, title, rank }) => {
        const difference = known.get(id);
        const isOnly = !isAlone && difference?.lists === 1;
        return (
          <li key={id} className={[isOnly ? 'is-only' : '', marked === id ? 'is-marked' : ''].join(' ')}>
            <span className="numbers muted">{rank}</span>
            <a
              href={hrefOf('items', { id })}
              onPointerEnter={() => onMark(id)}
              onPointerLeave={() => onMark(undefined)}
              onFocus={() => onMark(id)}
              onBlur={() => onMark(undefined)}
            >
              {title}
            </a>
            <Mark difference={difference} isOnly={isOnly} isFirst={index === 0} />
          </li>
        );
      })}
    </ol>
  );
}

function Mark(props: {
  readonly difference: Difference | undefined;
  readonly isOnly: boolean;
  readonly isFirst: boolean;
}) {
  if (props.isOnly) return <span className="mark is-only">only here</span>;
  const gained = props.difference?.gained;
  if (props.isFirst) return null;
  if (gained === undefined) return <span className="mark muted">new</span>;
  if (gained === 0)
    return (
      <span className="mark muted" role="img" aria-label="same rank as in the first list">
        =
      </span>
    );
  const words = `${Math.abs(gained)} ${gained > 0 ? 'higher' : 'lower'} than in the first list`;
  return (
    <span
      className={`mark numbers ${gained > 0 ? 'is-up' : 'is-down'}`}
      role="img"
      aria-label={words}
      title={words}
    >
      {gained > 0 ? '↑' : '↓'}
      {Math.abs(gained)}
    </span>
  );
}
