import { QueryClient } from '@tanstack/react-query';
import { ApiError } from './client.js';

/** One cache for the page: answers stay for a minute, and only a server that did not answer is asked again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 1 && error instanceof ApiError && error.status === 0,
      retryDelay: 500,
    },
  },
});
