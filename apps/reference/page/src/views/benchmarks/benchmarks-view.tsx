import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { BenchmarkTable } from '../../api/benchmark-types.js';
import { call } from '../../api/client.js';
import { ChoiceField, WordsField } from '../../parts/fields.js';
import { EmptyNote, ErrorNote, Waiting } from '../../parts/notes.js';
import { go, hrefOf } from '../../routing/route.js';
import { CostPlot } from './cost-plot.js';
import { metricsOf, plottedRows } from './read-rows.js';
import { ResultTable } from './result-table.js';
import { ValuesPlot } from './values-plot.js';
import './benchmarks.css';

/** Choice of table and rows in the address. */
interface Wanted {
  readonly table: string;
  readonly metric: string;
  readonly words: string;
  readonly papers: boolean;
  readonly cost: 'fit' | 'rank';
}

const readWanted = (query: URLSearchParams): Wanted => ({
  table: query.get('table') ?? '',
  metric: query.get('metric') ?? '',
  words: query.get('find') ?? '',
  papers: query.get('papers') !== 'no',
  cost: query.get('cost') === 'rank' ? 'rank' : 'fit',
});

const show = (wanted: Wanted, replace = false): void =>
  go(
    hrefOf('benchmarks', {
      table: wanted.table,
      metric: wanted.metric,
      find: wanted.words,
      papers: wanted.papers ? undefined : 'no',
      cost: wanted.cost === 'fit' ? undefined : wanted.cost,
    }),
    { replace },
  );

/** The committed tables as plots with intervals, papers’ numbers marked as such, and cost against quality. */
export default function BenchmarksView({ query }: { readonly query: URLSearchParams }) {
  const wanted = useMemo(() => readWanted(query), [query]);
  const found = useQuery({
    queryKey: ['benchmarks'],
    queryFn: ({ signal }) => call<{ tables: readonly BenchmarkTable[] }>('/benchmarks', undefined, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const tables = found.data?.tables ?? [];
  const table = tables.find(({ name }) => name === wanted.table) ?? tables[0];
  return (
    <div className="view">
      <header className="view-head">
        <h1>Benchmarks</h1>
        <p className="muted">
          The tables of the repository: what was measured here, with its uncertainty, and beside it what
          papers report.
        </p>
      </header>
      {found.isError ? <ErrorNote error={found.error} /> : null}
      {found.isPending ? <Waiting>Reading the tables …</Waiting> : null}
      {found.data && !table ? (
        <EmptyNote>
          <p>
            <strong>No table was found.</strong> The server reads them from the results of the benchmark app.
          </p>
        </EmptyNote>
      ) : null}
      {table ? (
        <div className="benchmarks">
          <TableChoice tables={tables} chosen={table} />
          <OneTable key={table.name} table={table} wanted={{ ...wanted, table: table.name }} />
        </div>
      ) : null}
    </div>
  );
}

function TableChoice(props: { readonly tables: readonly BenchmarkTable[]; readonly chosen: BenchmarkTable }) {
  const { tables, chosen } = props;
  const groups = [
    ['Leaderboards', tables.filter(({ kind }) => kind === 'leaderboard')],
    ['Studies', tables.filter(({ kind }) => kind === 'study')],
  ] as const;
  return (
    <nav aria-label="Tables" className="table-choice">
      <label className="field narrow-only">
        <span className="label">Table</span>
        <select
          className="input"
          value={chosen.name}
          onChange={({ target }) => go(hrefOf('benchmarks', { table: target.value }))}
        >
          {groups.map(([label, own]) => (
            <optgroup key={label} label={label}>
              {own.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      {groups.map(([label, own]) =>
        own.length === 0 ? null : (
          <div key={label} className="wide-only">
            <h2 className="legend">{label}</h2>
            <ul>
              {own.map(({ name }) => (
                <li key={name}>
                  <a
                    href={hrefOf('benchmarks', { table: name })}
                    aria-current={name === chosen.name ? 'true' : undefined}
                  >
                    {name}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ),
      )}
    </nav>
  );
}

function OneTable({ table, wanted }: { readonly table: BenchmarkTable; readonly wanted: Wanted }) {
  const metrics = useMemo(() => metricsOf(table), [table]);
  const metric = metrics.find(({ name }) => name === wanted.metric) ?? metrics[0];
  const rows = useMemo(
    () => (metric ? plottedRows(table, metric, { words: wanted.words, papers: wanted.papers }) : []),
    [table, metric, wanted.words, wanted.papers],
  );
  const hasPapers = table.rows.some(({ published }) => published !== undefined);
  const costly = useMemo(() => rows.filter(({ row }) => row.cost !== undefined), [rows]);
  return (
    <article className="one-table">
      <h2>{table.title}</h2>
      {metric ? (
        <>
          <div className="filters">
            <ChoiceField
              label="Metric"
              value={metric.name}
              choices={metrics.map(({ name }) => name)}
              onChange={(name) => show({ ...wanted, metric: name })}
            />
            <WordsField
              label="Rows with the words"
              value={wanted.words}
              onChange={(words) => show({ ...wanted, words }, true)}
            />
            {hasPapers ? (
              <label className="check">
                <input
                  type="checkbox"
                  checked={wanted.papers}
                  onChange={({ target }) => show({ ...wanted, papers: target.checked })}
                />
                Numbers from papers
              </label>
            ) : null}
          </div>
          {rows.length === 0 ? (
            <EmptyNote>
              <p>
                <strong>No row has these words.</strong> Take some away.
              </p>
            </EmptyNote>
          ) : (
            <section aria-label="Values">
              <p className="small muted plot-caption">
                {metric.name}, {metric.isBetter} is better.{' '}
                <span className="key-dot">
                  measured here, line: 95 % interval over users, or deviation over seeds
                </span>{' '}
                {rows.some(({ row }) => row.published !== undefined) ? (
                  <span className="key-diamond">reported by a paper, under its own protocol</span>
                ) : null}
              </p>
              <ValuesPlot rows={rows} metric={metric} />
            </section>
          )}
          {costly.length > 2 ? (
            <section aria-label="Cost against quality" className="cost">
              <h3>Cost against quality</h3>
              <fieldset className="choice">
                <legend className="unseen">Cost</legend>
                {(
                  [
                    ['fit', 'Time to fit'],
                    ['rank', 'Time to rank a thousand users'],
                  ] as const
                ).map(([value, label]) => (
                  <label key={value}>
                    <input
                      type="radio"
                      name="cost"
                      checked={wanted.cost === value}
                      onChange={() => show({ ...wanted, cost: value })}
                    />
                    {label}
                  </label>
                ))}
              </fieldset>
              <CostPlot rows={costly} metric={metric} cost={wanted.cost} />
            </section>
          ) : null}
        </>
      ) : null}
      <ResultTable table={table} />
      <div className="table-notes small muted">
        {table.notes.map((note) => (
          <p key={note}>{note}</p>
        ))}
      </div>
    </article>
  );
}
