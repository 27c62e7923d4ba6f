import { useQuery } from '@tanstack/react-query';
import { call } from '../api/client.js';
import type { EngineStatus } from '../api/types.js';

/** Which data this is about. */
export function Colophon() {
  const { data, isError } = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => call<EngineStatus>('/status', undefined, signal),
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
