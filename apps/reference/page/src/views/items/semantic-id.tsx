import type { ItemView } from '../../api/types.js';
import { hrefOf } from '../../routing/route.js';

/** The semantic ID of an item, code by code; the last one only tells items of equal codes apart. */
export function SemanticId({ item }: { readonly item: ItemView }) {
  const codes = item.semanticId;
  if (!codes)
    return (
      <div className="semantic-id">
        <h2>Semantic ID</h2>
        <p className="muted">
          None yet: it is made with the <a href={hrefOf('map')}>map</a>.
        </p>
      </div>
    );
  return (
    <div className="semantic-id">
      <h2>Semantic ID</h2>
      <p className="codes mono">
        {[...codes.entries()].map(([level, code]) => (
          <span
            key={level}
            className={level === codes.length - 1 ? 'is-last' : ''}
            title={`Code ${level + 1}`}
          >
            {code}
          </span>
        ))}
      </p>
      <p className="small">
        <a href={hrefOf('map', { code: codes.slice(0, 1).map(String) })}>What shares its first code</a>
      </p>
    </div>
  );
}
