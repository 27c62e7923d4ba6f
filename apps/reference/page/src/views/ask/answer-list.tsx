import type { AnswerItem, FoundBy } from '../../api/types.js';
import { Attributes } from '../../parts/attributes.js';
import { hrefOf } from '../../routing/route.js';
import type { Asked } from './asked.js';
import { MoreWords } from './more-words.js';

/** The list: rank, title, reason, and which methods brought each item. */
export function AnswerList(props: {
  readonly items: readonly AnswerItem[];
  readonly asked: Asked;
  readonly onThumb: (item: string, kind: 'like' | 'dislike') => void;
}) {
  const { items, asked, onThumb } = props;
  return (
    <ol className="answers">
      {items.map((item) => (
        <li key={item.id} className="fades-in">
          <span className="rank numbers" aria-hidden="true">
            {item.rank}
          </span>
          <div className="answer">
            <h2>
              <a href={hrefOf('items', { id: item.id })}>{item.title}</a>
            </h2>
            <Attributes of={item.attributes} />
            {item.reason ? <p className="reason">{item.reason}</p> : null}
            <p className="small muted origin">
              {item.reason && item.reasonSource ? <span>Reason: {item.reasonSource}</span> : null}
              <Origins from={item.from} />
            </p>
            <MoreWords item={item.id} asked={asked} />
          </div>
          <Thumbs item={item} asked={asked} onThumb={onThumb} />
        </li>
      ))}
    </ol>
  );
}

/** The methods that found an item, with its rank in each. */
export function Origins({ from }: { readonly from: readonly FoundBy[] }) {
  if (from.length === 0) return null;
  return (
    <span className="mono origins">
      {from.map(({ method, rank }) => (
        <span key={method} title={`Rank ${rank} of ${method}`}>
          {method} <b>{rank}</b>
        </span>
      ))}
    </span>
  );
}

function Thumbs(props: {
  readonly item: AnswerItem;
  readonly asked: Asked;
  readonly onThumb: (item: string, kind: 'like' | 'dislike') => void;
}) {
  const { item, asked, onThumb } = props;
  return (
    <div className="thumbs">
      <button
        type="button"
        aria-pressed={asked.ups.includes(item.id)}
        aria-label={`More like ${item.title}`}
        title="More like this"
        onClick={() => onThumb(item.id, 'like')}
      >
        <Thumb />
      </button>
      <button
        type="button"
        aria-pressed={asked.downs.includes(item.id)}
        aria-label={`Not ${item.title}`}
        title="Not this, and less like it"
        onClick={() => onThumb(item.id, 'dislike')}
      >
        <Thumb isDown />
      </button>
    </div>
  );
}

function Thumb({ isDown = false }: { readonly isDown?: boolean }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={isDown ? 'is-down' : ''}>
      <path d="M7.5 10.5 11 3.6c1.5 0 2.6 1.1 2.6 2.6v3h4.6c1.3 0 2.2 1.1 2 2.4l-1.1 6.6c-.2 1-1 1.7-2 1.7H7.5zM7.5 10.5H4v9.4h3.5z" />
    </svg>
  );
}
