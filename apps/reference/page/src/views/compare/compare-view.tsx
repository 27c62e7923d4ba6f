import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { listSystems, recommend } from '../../api/calls.js';
import type { Answer, RecommendRequest } from '../../api/types.js';
import { CopyLink } from '../../parts/copy-link.js';
import { LengthField, UserField } from '../../parts/fields.js';
import { ItemChip } from '../../parts/item-chip.js';
import { EmptyNote, ErrorNote, Waiting } from '../../parts/notes.js';
import { TitlePicker } from '../../parts/title-picker.js';
import { lengthField, readLength } from '../../routing/list-length.js';
import { go, hrefOf } from '../../routing/route.js';
import { ComparedList } from './compared-list.js';
import { Overlap } from './overlap.js';
import './compare.css';

/** Name of the whole pipeline in the list of single systems. */
const PIPELINE = 'pipeline';
/** Most lists side by side. */
const MOST = 5;

interface Wanted {
  readonly user: string;
  readonly items: readonly string[];
  readonly systems: readonly string[];
  readonly k: number;
}

const readWanted = (query: URLSearchParams): Wanted => ({
  user: query.get('user') ?? '',
  items: [...new Set(query.getAll('item'))],
  systems: [...new Set(query.getAll('system'))].slice(0, MOST),
  k: readLength(query),
});

const show = ({ user, items, systems, k }: Wanted): void =>
  go(hrefOf('compare', { user, item: items, system: systems, k: lengthField(k) }));

/** Systems side by side for a user or a history. */
export default function CompareView({ query }: { readonly query: URLSearchParams }) {
  const wanted = useMemo(() => readWanted(query), [query]);
  const systems = useQuery({ queryKey: ['systems'], queryFn: ({ signal }) => listSystems(signal) });
  const known = systems.data ?? [];
  const chosen = wanted.systems;
  const isAsked = wanted.user !== '' || wanted.items.length > 0;
  const answers = useQueries({
    queries: chosen.map((system) => {
      const request: RecommendRequest = {
        ...(wanted.items.length > 0 ? { history: wanted.items } : { user: wanted.user }),
        ...(system === PIPELINE ? {} : { system }),
        k: wanted.k,
      };
      return {
        queryKey: ['recommend', request],
        queryFn: ({ signal }: { readonly signal: AbortSignal }) => recommend(request, signal),
        enabled: isAsked,
      };
    }),
  });
  const toggle = (key: string): void =>
    show({
      ...wanted,
      systems: chosen.includes(key) ? chosen.filter((each) => each !== key) : [...chosen, key],
    });

  return (
    <div className="view">
      <header className="view-head">
        <h1>Compare</h1>
        <p className="muted">
          The same history, told to several systems: what only one of them finds, and what moves.
        </p>
      </header>
      <WhoForm key={wanted.user} wanted={wanted} />
      {systems.isError ? <ErrorNote error={systems.error} /> : null}
      <fieldset className="system-choice">
        <legend className="legend">Systems, up to {MOST}</legend>
        {[{ key: PIPELINE, title: 'The whole pipeline', state: 'ready' }, ...known].map(
          ({ key, title, state }) => (
            <label key={key} title={title}>
              <input
                type="checkbox"
                checked={chosen.includes(key)}
                disabled={!chosen.includes(key) && chosen.length >= MOST}
                onChange={() => toggle(key)}
              />
              <span className="mono">{key}</span>
              {state === 'ready' ? null : <span className="small muted">{state}</span>}
            </label>
          ),
        )}
      </fieldset>
      {isAsked && chosen.length > 0 ? (
        <Lists systems={chosen} answers={answers} />
      ) : (
        <EmptyNote>
          <p>
            {isAsked
              ? 'Choose the systems that are to answer.'
              : 'Name a user of the data, or pick titles as a history.'}
          </p>
        </EmptyNote>
      )}
      {isAsked && chosen.length > 0 ? <CopyLink /> : null}
    </div>
  );
}

function WhoForm({ wanted }: { readonly wanted: Wanted }) {
  const [user, setUser] = useState(wanted.user);
  return (
    <form
      className="who-form"
      onSubmit={(event) => {
        event.preventDefault();
        show({ ...wanted, user: user.trim(), items: [] });
      }}
    >
      <div className="who-fields">
        <TitlePicker
          label="History, oldest first"
          placeholder="Type the beginning of a title"
          without={wanted.items}
          onPick={({ id }) => show({ ...wanted, user: '', items: [...wanted.items, id] })}
        />
        <UserField value={user} onChange={setUser} />
        <button className="button is-main" type="submit">
          Compare
        </button>
        <LengthField value={wanted.k} onChange={(k) => show({ ...wanted, k })} />
      </div>
      {wanted.items.length > 0 ? (
        <ul className="chips" aria-label="History">
          {wanted.items.map((id) => (
            <ItemChip
              key={id}
              id={id}
              onRemove={() => show({ ...wanted, items: wanted.items.filter((each) => each !== id) })}
            />
          ))}
        </ul>
      ) : null}
    </form>
  );
}

function Lists(props: {
  readonly systems: readonly string[];
  readonly answers: readonly { readonly data: Answer | undefined; readonly error: unknown }[];
}) {
  const { systems, answers } = props;
  const [marked, setMarked] = useState<string>();
  const lists = answers.map(({ data }) => data?.items ?? []);
  return (
    <>
      <div className="compared">
        {systems.map((system, index) => {
          const { data, error } = answers[index] ?? {};
          return (
            <section key={system} aria-label={system}>
              <h2 className="mono">{system}</h2>
              {error ? <ErrorNote error={error} /> : null}
              {!error && !data ? <Waiting>Fitting or asking …</Waiting> : null}
              {data && data.items.length === 0 ? (
                <EmptyNote>This system has nothing to recommend here.</EmptyNote>
              ) : null}
              {data ? <ComparedList lists={lists} index={index} marked={marked} onMark={setMarked} /> : null}
              {data ? <p className="small muted">{data.sources.candidates}</p> : null}
            </section>
          );
        })}
      </div>
      {systems.length > 1 && answers.every(({ data }) => data) ? (
        <Overlap systems={systems} lists={lists} />
      ) : null}
    </>
  );
}
