import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { call } from './client.js';
import type { ItemView } from './types.js';

/** One item by its id. */
export function useItem(id: string | undefined): UseQueryResult<ItemView> {
  return useQuery({
    queryKey: ['item', id],
    queryFn: ({ signal }) => call<ItemView>(`/items/${encodeURIComponent(id ?? '')}`, undefined, signal),
    enabled: id !== undefined && id !== '',
    staleTime: 600_000,
  });
}
