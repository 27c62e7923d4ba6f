import { useItem } from '../api/use-item.js';

const SIGNS = { pick: '', up: '+', down: '−' } as const;
const WORDS = { pick: 'Picked', up: 'Liked', down: 'Not wanted' } as const;

/** An item that counts for a list, with a button that takes it back. */
export function ItemChip(props: {
  readonly id: string;
  readonly kind?: 'pick' | 'up' | 'down';
  readonly onRemove: () => void;
}) {
  const { id, kind = 'pick', onRemove } = props;
  const title = useItem(id).data?.title ?? id;
  return (
    <li className={`chip ${kind === 'pick' ? '' : `is-${kind}`}`}>
      <span title={title}>
        <span className="unseen">{WORDS[kind]}: </span>
        {SIGNS[kind] === '' ? null : <b aria-hidden="true">{SIGNS[kind]} </b>}
        {title}
      </span>
      <button type="button" onClick={onRemove} aria-label={`Take back ${title}`}>
        ×
      </button>
    </li>
  );
}
