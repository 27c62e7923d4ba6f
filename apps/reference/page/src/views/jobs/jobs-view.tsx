import { useMutation, useQuery } from '@tanstack/react-query';
import { call } from '../../api/client.js';
import type { JobView } from '../../api/job-types.js';
import { queries } from '../../api/queries.js';
import { EmptyNote, ErrorNote, Waiting } from '../../parts/notes.js';
import { JobRow } from './job-row.js';
import './jobs.css';

/** Jobs that take long: how far it is, and what failed. */
export default function JobsView() {
  const jobs = useQuery({
    queryKey: ['jobs'],
    queryFn: ({ signal }) => call<{ jobs: readonly JobView[] }>('/jobs', undefined, signal),
    // The list itself; each running job tells its progress by events of its own.
    refetchInterval: 5_000,
    staleTime: 0,
  });
  const refit = useMutation({
    mutationFn: () => call<unknown>('/refit', {}),
    onSettled: () => queries.invalidateQueries({ queryKey: ['jobs'] }),
  });
  const list = jobs.data?.jobs ?? [];
  return (
    <div className="view">
      <header className="view-head">
        <h1>Jobs</h1>
        <p className="muted">
          What takes long runs in the background; the answers of before are given until it is done.
        </p>
        <p>
          <button
            type="button"
            className="button"
            disabled={
              refit.isPending || list.some(({ kind, state }) => kind === 'refit' && state === 'running')
            }
            onClick={() => refit.mutate()}
          >
            Fit again on the data and all feedback
          </button>
        </p>
      </header>
      {refit.isError ? <ErrorNote error={refit.error} /> : null}
      {jobs.isError ? <ErrorNote error={jobs.error} /> : null}
      {jobs.isPending ? <Waiting /> : null}
      {jobs.data && list.length === 0 ? (
        <EmptyNote>
          <p>
            <strong>Nothing has run yet.</strong> Fits begin when a question needs a model that is not there;
            texts are written by <code>palate knowledge run</code>, and its progress is shown here.
          </p>
        </EmptyNote>
      ) : null}
      <section aria-label="Jobs that ran">
        <ul className="jobs">
          {list.map((job) => (
            <JobRow key={job.id} job={job} />
          ))}
        </ul>
      </section>
    </div>
  );
}
