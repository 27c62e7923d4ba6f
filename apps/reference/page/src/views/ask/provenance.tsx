import { lazy, Suspense } from 'react';
import type { Answer, OutcomeCounts } from '../../api/types.js';
import { Scrolls } from '../../parts/scrolls.js';
import { Origins } from './answer-list.js';
import { StageTimes } from './stage-times.js';

const RankSlopes = lazy(() => import('./rank-slopes.js'));

const PARTS = [
  ['profile', 'Taste'],
  ['candidates', 'Candidates'],
  ['order', 'Order'],
  ['explanations', 'Reasons'],
] as const;

/** Where each part of the answer came from: sources, times, the candidates before ranking, what fell back. */
export function Provenance({ answer }: { readonly answer: Answer }) {
  const { sources, stages, candidates, items, outcomes } = answer;
  const fellBack = outcomes.filter(({ fellBack, causes }) => fellBack > 0 || Object.keys(causes).length > 0);
  return (
    <aside className="provenance" aria-label="Where the answer comes from">
      <h2>Where it comes from</h2>
      <dl className="sources">
        {PARTS.map(([key, label]) =>
          sources[key] === '' ? null : (
            <div key={key}>
              <dt>{label}</dt>
              <dd>{sources[key]}</dd>
            </div>
          ),
        )}
      </dl>
      {fellBack.length > 0 ? <Outcomes outcomes={fellBack} /> : null}
      {stages.length > 0 ? <StageTimes stages={stages} /> : null}
      {candidates.length > 0 ? (
        <section>
          <h3>Candidates and final order</h3>
          <Suspense fallback={null}>
            <RankSlopes candidates={candidates} items={items} />
          </Suspense>
          <details>
            <summary className="small">All {candidates.length} candidates as a table</summary>
            <Scrolls label="Candidates">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col" className="is-number">
                      Rank
                    </th>
                    <th scope="col">Title</th>
                    <th scope="col">Found by</th>
                    <th scope="col" className="is-number">
                      In the list
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {candidates.map(({ id, title, from }, index) => (
                    <tr key={id}>
                      <td className="is-number">{index + 1}</td>
                      <th scope="row">{title}</th>
                      <td className="small">
                        <Origins from={from} />
                      </td>
                      <td className="is-number">{items.find((item) => item.id === id)?.rank ?? ''}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolls>
          </details>
        </section>
      ) : null}
      <p className="small muted">
        Version <code className="version">{answer.version}</code>
      </p>
    </aside>
  );
}

/** Counts of fallbacks and skipped items, with the message of the failed part. */
function Outcomes({ outcomes }: { readonly outcomes: readonly OutcomeCounts[] }) {
  return (
    <div className="note is-warning" role="status">
      <p>
        <strong>Not everything went as asked.</strong>
      </p>
      <ul>
        {outcomes.flatMap(({ source, causes, examples }) =>
          Object.entries(causes).map(([cause, count]) => (
            <li key={`${source} ${cause}`} className="small">
              {source}: {cause}
              {count > 1 ? `, ${count} times` : ''}
              {examples?.[cause] ? <span className="muted"> ({examples[cause]})</span> : null}
            </li>
          )),
        )}
      </ul>
    </div>
  );
}
