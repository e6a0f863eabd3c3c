import type { Account } from '@greenroom/client';
import { type ReactNode, useEffect } from 'react';
import { useLocation, useNavigate } from 'react-router';
import { Page } from './Page.tsx';
import { LoadingBlocks } from './States.tsx';
import { useAccount } from './session.ts';

interface RequireAccountProps {
  title: string;
  children: (account: Account) => ReactNode;
}

/** Shows a page to signed-in people, and leads others to the sign-in page and back. */
export function RequireAccount({ title, children }: RequireAccountProps) {
  const { account, isPending } = useAccount();
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  useEffect(() => {
    if (account === null) navigate(`/sign-in?next=${encodeURIComponent(pathname + search)}`, { replace: true });
  }, [account, navigate, pathname, search]);
  if (account) return children(account);
  return <Page title={title}>{isPending && <LoadingBlocks />}</Page>;
}
