import { useEffect, useState } from 'react';
import { events } from '../../api/client.js';
import type { JobView } from '../../api/job-types.js';
import { queries } from '../../api/queries.js';

const STATES: Readonly<Record<JobView['state'], string>> = {
  running: 'runs',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** One job, kept up to date by its events while it runs. */
export function JobRow({ job: listed }: { readonly job: JobView }) {
  const job = useLive(listed);
  const { progress, error } = job;
  return (
    <li className={`job is-${job.state}`}>
      <div className="job-head">
        <h2>{job.title}</h2>
        <span className="job-state">{STATES[job.state]}</span>
      </div>
      <p className="small muted job-facts">
        <span>{job.kind}</span>
        <span>since {new Date(job.startedAt).toLocaleTimeString()}</span>
        {job.endedAt ? <span>{took(job.endedAt - job.startedAt)}</span> : null}
      </p>
      {job.spent ? <p className="small muted numbers">{spentInWords(job.spent)}</p> : null}
      {job.failures?.length ? (
        <ul className="small job-failures" aria-label={`Failures of ${job.title}`}>
          {job.failures.map(({ code, count, example }) => (
            <li key={code}>
              {count.toLocaleString('en')} × {code}: {example}
            </li>
          ))}
        </ul>
      ) : null}
      {job.state === 'running' || progress?.total ? <Progress job={job} /> : null}
      {error ? (
        <div className="note is-error small">
          <p>{error.message}</p>
          {error.hint ? <p>{error.hint}</p> : null}
        </div>
      ) : null}
    </li>
  );
}

function Progress({ job }: { readonly job: JobView }) {
  const { progress } = job;
  const share = progress?.total
    ? Math.min(1, progress.done / progress.total)
    : job.state === 'done'
      ? 1
      : undefined;
  const words =
    progress === undefined
      ? ''
      : `${progress.message ? `${progress.message}: ` : ''}${progress.done.toLocaleString('en')}${progress.total ? ` of ${progress.total.toLocaleString('en')}` : ''}`;
  return (
    <div className="job-progress">
      <progress aria-label={`Progress of ${job.title}`} {...(share === undefined ? {} : { value: share })} />
      <span className="small muted numbers">{words}</span>
    </div>
  );
}

/** The job as its latest event tells it; the list as it was asked for until then. */
function useLive(listed: JobView): JobView {
  const [told, setTold] = useState<JobView>();
  const isRunning = listed.state === 'running';
  const { id } = listed;
  useEffect(() => {
    if (!isRunning) return;
    const controller = new AbortController();
    const listen = async (): Promise<void> => {
      for await (const { data } of events(
        `/jobs/${encodeURIComponent(id)}/events`,
        undefined,
        controller.signal,
      ))
        setTold(JSON.parse(data) as JobView);
      await queries.invalidateQueries({ queryKey: ['jobs'] });
    };
    // A stream that breaks is no fault of the job: the list is asked for again in any case.
    listen().catch(() => undefined);
    return () => controller.abort();
  }, [id, isRunning]);
  return isRunning && told?.id === id ? told : listed;
}

function spentInWords({ inputTokens, outputTokens, cost }: NonNullable<JobView['spent']>): string {
  const tokens = `${inputTokens.toLocaleString('en')} tokens read and ${outputTokens.toLocaleString('en')} written for these texts so far`;
  return cost === undefined ? tokens : `${tokens}, ${cost.toFixed(2)} of money`;
}

function took(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
