import { useQuery } from '@tanstack/react-query';
import { call } from '../api/client.js';

/** The part of the server's status that is shown on every view. */
interface Status {
  readonly data?: {
    readonly name?: string;
    readonly users?: number;
    readonly items?: number;
    readonly interactions?: number;
    readonly licence?: string;
  };
}

/** Which data this is about. */
export function Colophon() {
  const { data, isError } = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => call<Status>('/status', undefined, signal),
  });
  const of = data?.data;
  return (
    <footer className="colophon">
      {isError ? <span>The server does not tell what it holds.</span> : null}
      {of ? (
        <>
          <span>{of.name}</span>
          {[
            [of.users, 'users'],
            [of.items, 'items'],
            [of.interactions, 'interactions'],
          ].map(([count, word]) =>
            typeof count === 'number' ? (
              <span key={word} className="numbers">
                {count.toLocaleString('en')} {word}
              </span>
            ) : null,
          )}
        </>
      ) : null}
      <a href="./reference">Interface for programs</a>
    </footer>
  );
}
