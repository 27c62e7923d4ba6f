import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { call } from '../../api/client.js';
import type { ItemMap } from '../../api/types.js';
import { WordsField } from '../../parts/fields.js';
import { EmptyNote, ErrorNote, Waiting } from '../../parts/notes.js';
import { go, hrefOf } from '../../routing/route.js';
import { CodeTree } from './code-tree.js';
import { beginsWith, childrenOf, type MapPoint, pointsOf, titled } from './map-tree.js';
import { Plane } from './plane.js';
import './map.css';

/** Number of first codes that have a colour of their own. */
const COLOURS = 8;

interface Wanted {
  readonly item: string;
  readonly codes: readonly number[];
  readonly words: string;
}

const readWanted = (query: URLSearchParams): Wanted => ({
  item: query.get('item') ?? '',
  codes: query
    .getAll('code')
    .map(Number)
    .filter((code) => Number.isInteger(code) && code >= 0),
  words: query.get('find') ?? '',
});

const show = ({ item, codes, words }: Wanted, replace = false): void =>
  go(hrefOf('map', { item, code: codes.map(String), find: words }), { replace });

/** The items on a plane, and the tree of their semantic IDs. */
export default function MapView({ query }: { readonly query: URLSearchParams }) {
  const found = useQuery({
    queryKey: ['map'],
    queryFn: ({ signal }) => call<ItemMap>('/map', undefined, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const wanted = useMemo(() => readWanted(query), [query]);
  return (
    <div className="view">
      <header className="view-head">
        <h1>Map</h1>
        <p className="muted">
          Items whose texts are alike lie near each other; the tree shows the codes that those texts were
          given.
        </p>
      </header>
      {found.isError ? <ErrorNote error={found.error} /> : null}
      {found.isPending ? (
        <Waiting>Encoding the texts of all items. The first time takes a minute; then it is kept.</Waiting>
      ) : null}
      {found.data ? <Drawn map={found.data} wanted={wanted} /> : null}
    </div>
  );
}

function Drawn({ map, wanted }: { readonly map: ItemMap; readonly wanted: Wanted }) {
  const points = useMemo(() => pointsOf(map), [map]);
  const first = useMemo(() => childrenOf(points, 0), [points]);
  const colours = useMemo(
    () => new Map(first.slice(0, COLOURS).map(({ code }, index) => [code, `var(--series-${index + 1})`])),
    [first],
  );
  const matches = useMemo(() => titled(points, wanted.words), [points, wanted.words]);
  const chosen = points.find(({ id }) => id === wanted.item);
  const lit = useMemo((): readonly MapPoint[] | undefined => {
    if (wanted.words !== '') return matches;
    if (wanted.codes.length > 0) return points.filter((point) => beginsWith(point, wanted.codes));
    return undefined;
  }, [points, matches, wanted.words, wanted.codes]);
  if (points.length === 0)
    return (
      <EmptyNote>
        <p>
          <strong>No item has a text.</strong> The map is drawn from what items say of themselves.
        </p>
      </EmptyNote>
    );
  return (
    <div className="map">
      <section className="map-plane" aria-label="Plane of items">
        <div className="map-tools">
          <WordsField
            label="Titles with the words"
            value={wanted.words}
            onChange={(words) => show({ ...wanted, words }, true)}
          />
          <p className="small muted" role="status">
            {lit ? `${lit.length} of ${points.length} items are lit.` : `${points.length} items.`}
          </p>
          {lit || chosen ? (
            <button type="button" className="button" onClick={() => show({ item: '', codes: [], words: '' })}>
              Show all
            </button>
          ) : null}
        </div>
        <Plane
          points={points}
          lit={lit}
          chosen={chosen}
          colours={colours}
          onPick={(id) => show({ ...wanted, item: id })}
        />
        {wanted.words !== '' ? <Matches matches={matches} /> : null}
        {chosen ? <Chosen point={chosen} /> : null}
        <p className="small muted">
          {map.source}
          {map.total > points.length
            ? ` The ${points.length} most chosen of ${map.total} items are shown.`
            : ''}
        </p>
      </section>
      <section className="map-tree" aria-label="Tree of semantic IDs">
        <h2>Semantic IDs</h2>
        <p className="small muted">Open a code to light its items and to see what follows it.</p>
        <CodeTree
          nodes={first}
          open={wanted.codes}
          colours={colours}
          onOpen={(codes) => show({ item: wanted.item, codes, words: '' }, true)}
        />
      </section>
    </div>
  );
}

function Matches({ matches }: { readonly matches: readonly MapPoint[] }) {
  if (matches.length === 0) return <EmptyNote>No title has these words.</EmptyNote>;
  return (
    <ul className="chips" aria-label="Titles found">
      {matches
        .slice(-24)
        .reverse()
        .map(({ id, title }) => (
          <li key={id} className="chip is-link">
            <a className="chip-link" href={hrefOf('map', { item: id })}>
              {title}
            </a>
          </li>
        ))}
    </ul>
  );
}

function Chosen({ point }: { readonly point: MapPoint }) {
  return (
    <div className="note" role="status">
      <p>
        <strong>{point.title}</strong> <span className="mono muted">{point.codes.join('-')}</span>
      </p>
      <p className="small">
        <a href={hrefOf('items', { id: point.id })}>All that is known of it</a>
        {' · '}
        <a href={hrefOf('map', { item: point.id, code: point.codes.slice(0, 2).map(String) })}>
          What shares its first two codes
        </a>
      </p>
    </div>
  );
}
