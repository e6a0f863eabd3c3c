import type { Session } from '@greenroom/client';
import Button from '@mui/material/Button';
import Chip from '@mui/material/Chip';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogContentText from '@mui/material/DialogContentText';
import DialogTitle from '@mui/material/DialogTitle';
import List from '@mui/material/List';
import ListItem from '@mui/material/ListItem';
import ListItemText from '@mui/material/ListItemText';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../app/api.tsx';
import { failureText } from '../app/failure.ts';
import { dateTime } from '../app/format.ts';
import { useNotify } from '../app/Notices.tsx';
import { FailureState, LoadingBlocks } from '../app/States.tsx';
import { useSignOut } from '../app/session.ts';
import { messages as m } from '../messages.ts';
import { describeAgent } from './agent.ts';

const SESSIONS = ['sessions'] as const;

function SessionItem({ session }: { session: Session }) {
  const api = useApi();
  const queries = useQueryClient();
  const notify = useNotify();
  const revoke = useMutation({
    mutationFn: () => api.account.revokeSession(session.id),
    onSuccess: () => {
      notify(m.settings.revoked, 'success');
      void queries.invalidateQueries({ queryKey: SESSIONS });
    },
    onError: (error) => notify(failureText(error), 'error'),
  });
  const agent = describeAgent(session.agent) ?? m.settings.unknownAgent;
  const use = m.settings.sessionUse[session.kind];
  const facts = [m.settings.lastSeen(dateTime(session.last_seen_at)), m.settings.since(dateTime(session.created_at))];
  return (
    <ListItem
      divider
      disableGutters
      sx={{ gap: 2, flexWrap: { xs: 'wrap', sm: 'nowrap' }, '&:last-child': { borderBottom: 0 } }}
    >
      <ListItemText
        primary={
          <>
            {agent} {session.current && <Chip size="small" color="primary" label={m.settings.thisDevice} />}
          </>
        }
        secondary={[use, session.address, ...facts].filter(Boolean).join(' · ')}
      />
      {!session.current && (
        <Button
          size="small"
          variant="outlined"
          color="error"
          loading={revoke.isPending}
          sx={{ flexShrink: 0 }}
          aria-label={m.settings.revokeNamed(agent)}
          onClick={() => revoke.mutate()}
        >
          {m.settings.revoke}
        </Button>
      )}
    </ListItem>
  );
}

function SignOutEverywhere() {
  const [isAsking, setIsAsking] = useState(false);
  const notify = useNotify();
  const signOut = useSignOut();
  const confirm = () =>
    signOut.mutate('everywhere', {
      onSuccess: () => notify(m.account.signedOut),
      onError: (error) => notify(failureText(error), 'error'),
    });
  return (
    <>
      <Button color="error" variant="outlined" onClick={() => setIsAsking(true)} sx={{ alignSelf: 'flex-start' }}>
        {m.settings.signOutEverywhere}
      </Button>
      <Dialog open={isAsking} onClose={() => setIsAsking(false)} aria-labelledby="everywhere-title">
        <DialogTitle id="everywhere-title">{m.settings.signOutEverywhere}</DialogTitle>
        <DialogContent>
          <DialogContentText>{m.settings.signOutEverywhereAsk}</DialogContentText>
        </DialogContent>
        <DialogActions>
          <Button onClick={() => setIsAsking(false)}>{m.common.cancel}</Button>
          <Button color="error" variant="contained" loading={signOut.isPending} onClick={confirm}>
            {m.settings.signOutEverywhere}
          </Button>
        </DialogActions>
      </Dialog>
    </>
  );
}

/** Where the account is signed in, each to be ended. */
export function SessionsSection() {
  const api = useApi();
  const sessions = useQuery({ queryKey: SESSIONS, queryFn: ({ signal }) => api.account.sessions(signal) });
  if (sessions.isPending) return <LoadingBlocks count={2} height={56} />;
  if (sessions.isError) return <FailureState error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return (
    <>
      <List disablePadding>
        {sessions.data.map((session) => (
          <SessionItem key={session.id} session={session} />
        ))}
      </List>
      <SignOutEverywhere />
    </>
  );
}
