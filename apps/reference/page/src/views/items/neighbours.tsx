import { useQuery } from '@tanstack/react-query';
import { similarItems } from '../../api/calls.js';
import { EmptyNote, ErrorNote, Waiting } from '../../parts/notes.js';
import { hrefOf } from '../../routing/route.js';

/** The items next to one, by text or by use, with bars of how near they are. */
export function Neighbours(props: {
  readonly item: string;
  readonly by: 'text' | 'use' | 'graph';
  readonly title: string;
}) {
  const { item, by, title } = props;
  const found = useQuery({
    queryKey: ['similar', item, by],
    queryFn: ({ signal }) => similarItems(item, by, 10, signal),
  });
  const items = found.data?.items ?? [];
  const most = Math.max(...items.map(({ score }) => score), 1e-9);
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {found.isError ? <ErrorNote error={found.error} /> : null}
      {found.isPending ? <Waiting /> : null}
      {found.data && items.length === 0 ? <EmptyNote>No item lies near by this measure.</EmptyNote> : null}
      <ol className="neighbours">
        {items.map(({ id, title: name, score }) => (
          <li key={id}>
            <a href={hrefOf('items', { id })}>{name}</a>
            <span className="bar" aria-hidden="true" title={`Score ${score.toPrecision(3)}`}>
              <span style={{ width: `${Math.max(2, (Math.max(0, score) / most) * 100)}%` }} />
            </span>
          </li>
        ))}
      </ol>
      {found.data ? <p className="small muted">{found.data.sources.candidates}</p> : null}
    </section>
  );
}
