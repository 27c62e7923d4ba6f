import type { ItemView } from '../../api/types.js';
import { useItem } from '../../api/use-item.js';
import { attributeText } from '../../parts/attributes.js';
import { ErrorNote, Waiting } from '../../parts/notes.js';
import { hrefOf } from '../../routing/route.js';
import { Neighbours } from './neighbours.js';
import { SemanticId } from './semantic-id.js';

/** Everything that is known of one item. */
export function ItemPage({ id }: { readonly id: string }) {
  const { data: item, error, isPending } = useItem(id);
  return (
    <div className="view">
      <p className="small">
        <a href={hrefOf('items')}>All items</a>
      </p>
      {error ? <ErrorNote error={error} /> : null}
      {isPending ? <Waiting /> : null}
      {item ? <Known item={item} /> : null}
    </div>
  );
}

function Known({ item }: { readonly item: ItemView }) {
  const attributes = Object.entries(item.attributes).filter(([, value]) => attributeText(value) !== '');
  const texts = Object.entries(item.text).filter(([, text]) => text !== '' && text !== item.title);
  return (
    <>
      <header className="item-head">
        <h1>{item.title}</h1>
        <p className="muted">
          <code>{item.id}</code> · chosen {item.interactions.toLocaleString('en')} times
          {item.isNew ? ' · came after the fit' : ''}
        </p>
        <p className="item-actions">
          <a className="button" href={hrefOf('ask', { item: item.id })}>
            Recommend from it
          </a>
          <a className="button" href={hrefOf('map', { item: item.id })}>
            Show on the map
          </a>
        </p>
      </header>
      <div className="item-known">
        <section aria-label="Texts">
          <h2>Text and knowledge</h2>
          {item.knowledge ? <p className="knowledge">{item.knowledge}</p> : null}
          {item.tags.length > 0 ? (
            <ul className="tags" aria-label="Tags">
              {item.tags.map((tag) => (
                <li key={tag}>{tag}</li>
              ))}
            </ul>
          ) : null}
          {texts.map(([name, text]) => (
            <div key={name}>
              <h3 className="legend">{name}</h3>
              <p className="knowledge">{text}</p>
            </div>
          ))}
          {!item.knowledge && item.tags.length === 0 && texts.length === 0 ? (
            <p className="muted">Nothing but the title is known in words.</p>
          ) : null}
        </section>
        <section aria-label="Attributes">
          <h2>Attributes</h2>
          {attributes.length === 0 ? <p className="muted">None.</p> : null}
          <dl className="attribute-list">
            {attributes.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{attributeText(value)}</dd>
              </div>
            ))}
          </dl>
          <SemanticId item={item} />
        </section>
      </div>
      <div className="neighbour-lists">
        <Neighbours item={item.id} by="text" title="Near by text" />
        <Neighbours item={item.id} by="use" title="Chosen by the same people" />
        <Neighbours item={item.id} by="graph" title="Near in the graph" />
      </div>
    </>
  );
}
