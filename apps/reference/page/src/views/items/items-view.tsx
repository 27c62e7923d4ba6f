import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { browseItems } from '../../api/calls.js';
import { EmptyNote, ErrorNote, Waiting } from '../../parts/notes.js';
import { go, hrefOf } from '../../routing/route.js';
import { ItemPage } from './item-page.js';
import './items.css';

/** One item in full, or the catalogue to find one. */
export default function ItemsView({ query }: { readonly query: URLSearchParams }) {
  const id = query.get('id') ?? '';
  return id === '' ? <Catalogue words={query.get('find') ?? ''} /> : <ItemPage key={id} id={id} />;
}

function Catalogue({ words }: { readonly words: string }) {
  const asked = useDeferredValue(words.trim());
  const found = useQuery({
    queryKey: ['items', asked],
    queryFn: ({ signal }) => browseItems(asked, 60, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <div className="view">
      <header className="view-head">
        <h1>Items</h1>
        <p className="muted">What is known of an item, and what lies near it by text and by use.</p>
      </header>
      <label className="field catalogue-search">
        <span className="label">Find a title</span>
        <input
          className="input"
          type="search"
          maxLength={200}
          value={words}
          onChange={({ target }) => go(hrefOf('items', { find: target.value }), { replace: true })}
        />
      </label>
      {found.isError ? <ErrorNote error={found.error} /> : null}
      {found.isPending ? <Waiting /> : null}
      {found.data ? (
        found.data.items.length === 0 ? (
          <EmptyNote>
            <p>
              <strong>No title has these words.</strong> A beginning is enough, and small slips are forgiven.
            </p>
          </EmptyNote>
        ) : (
          <section aria-label="Titles">
            <p className="small muted" role="status">
              {found.data.items.length < found.data.total
                ? `${found.data.items.length} of ${found.data.total.toLocaleString('en')}`
                : found.data.total.toLocaleString('en')}
            </p>
            <ul className="catalogue">
              {found.data.items.map(({ id, title }) => (
                <li key={id}>
                  <a href={hrefOf('items', { id })}>{title}</a>
                </li>
              ))}
            </ul>
          </section>
        )
      ) : null}
    </div>
  );
}
