import type { Account, Registration, SignIn } from '@greenroom/client';
import { type Query, type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { messages as m } from '../messages.ts';
import { useApi } from './api.tsx';
import { useNotify } from './Notices.tsx';

const ME = ['me'] as const;

export interface CurrentAccount {
  account: Account | null | undefined;
  isPending: boolean;
}

/** Who is signed in: `null` nobody, `undefined` not known yet. */
export function useAccount(): CurrentAccount {
  const api = useApi();
  const { data, isPending } = useQuery({
    queryKey: ME,
    queryFn: ({ signal }) => api.account.me(signal),
    staleTime: 60_000,
  });
  return { account: data, isPending };
}

/** Everything that was read belongs to the former account. */
function becomeAccount(queries: QueryClient, account: Account | null): void {
  const isOfAccount = ({ queryKey }: Query) => queryKey[0] !== ME[0] && queryKey[0] !== 'overview';
  queries.setQueryData(ME, account);
  // Signed out: what is on the page still is left in the next moment, and must not be asked for again without a right to.
  if (account === null) queries.removeQueries({ predicate: isOfAccount, type: 'inactive' });
  else void queries.resetQueries({ predicate: isOfAccount });
}

/** Asks the server again who is signed in, for example after a socket was closed for sign-out. */
export function useRecheckAccount(): () => Promise<Account | null> {
  const api = useApi();
  const queries = useQueryClient();
  const notify = useNotify();
  return async () => {
    const account = await api.account.me();
    // Signing out here closes the socket too, and says so itself.
    const isOwnDoing = queries.isMutating() > 0;
    const known = queries.getQueryData<Account | null>(ME);
    if (account === null && known !== null && !isOwnDoing) notify(m.account.signedOutElsewhere);
    if (account?.id !== known?.id) becomeAccount(queries, account);
    return account;
  };
}

export function useSignIn() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (signIn: SignIn) => api.account.signIn(signIn),
    onSuccess: (account) => becomeAccount(queries, account),
  });
}

export function useRegister() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (registration: Registration) => api.account.register(registration),
    onSuccess: (account) => becomeAccount(queries, account),
  });
}

/** Signs out, here or on every device. */
export function useSignOut() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (scope: 'here' | 'everywhere') =>
      scope === 'here' ? api.account.signOut() : api.account.signOutEverywhere(),
    onSuccess: () => becomeAccount(queries, null),
  });
}

/** A same-site path to go on to after signing in; anything else is the start page (as AU9). */
export function safeNext(next: string | null): string {
  const isPath = next !== null && /^\/(?![/\\])[^\\]*$/.test(next);
  return isPath ? next : '/';
}
