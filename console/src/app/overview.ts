import { useQuery } from '@tanstack/react-query';
import { useApi } from './api.tsx';

/** Modules that are switched on, and what is live in them. */
export function useOverview(refreshMs?: number) {
  const api = useApi();
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => api.account.overview(signal),
    staleTime: 15_000,
    refetchInterval: refreshMs ?? false,
  });
}
