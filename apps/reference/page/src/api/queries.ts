import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.js';

/** How often a server that is not ready yet is asked again: fits and encoding may take many minutes. */
const PATIENCE = 300;

/**
 * The cache of the page: answers stay for a minute. A server that does not answer is asked once more; one that says that it
 * is not ready, or that this took longer than a call may, goes on with the work and is asked until it is done.
 */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => {
        if (!(error instanceof ApiError)) return false;
        if (error.code === 'not-ready' || error.code === 'timed-out') return failures < PATIENCE;
        return failures < 1 && (error.status === 0 || error.status === 429);
      },
      retryDelay: (failures) => Math.min(3000, 500 * 2 ** failures),
    },
  },
});
