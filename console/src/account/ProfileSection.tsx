import type { Account } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useApi } from '../app/api.tsx';
import { failureText } from '../app/failure.ts';
import { useNotify } from '../app/Notices.tsx';
import { messages as m } from '../messages.ts';
import { PasswordField } from './PasswordField.tsx';

function UsernameDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const api = useApi();
  const queries = useQueryClient();
  const notify = useNotify();
  const [username, setUsername] = useState(account.username);
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => api.predictions.changeUsername(account.id, username.trim(), password),
    onSuccess: (changed) => {
      notify(m.settings.usernameChanged(changed), 'success');
      void queries.invalidateQueries();
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="xs" aria-labelledby="username-title">
      <form onSubmit={submit}>
        <DialogTitle id="username-title">{m.settings.changeUsername}</DialogTitle>
        <DialogContent>
          <Stack spacing={2.5} sx={{ pt: 1 }}>
            {change.error && <Alert severity="error">{failureText(change.error)}</Alert>}
            <TextField
              label={m.account.username}
              value={username}
              required
              helperText={m.account.usernameHelp}
              autoComplete="username"
              onChange={(event) => setUsername(event.target.value)}
            />
            <PasswordField
              label={m.account.currentPassword}
              value={password}
              onChange={setPassword}
              autoComplete="current-password"
            />
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{m.common.cancel}</Button>
          <Button type="submit" variant="contained" loading={change.isPending}>
            {m.common.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

/** Who this account is: name, e-mail, number, roles. */
export function ProfileSection({ account }: { account: Account }) {
  const [isChanging, setIsChanging] = useState(false);
  const verified = account.email_verified ? m.settings.emailVerified : m.settings.emailUnverified;
  const facts = [
    [m.account.username, account.username],
    [m.account.email, account.email ? `${account.email} (${verified})` : m.settings.noGrants],
    [m.settings.memberNumber, String(account.number)],
    [m.settings.secondFactor, account.second_factor ? m.settings.on : m.settings.off],
    [m.settings.grants, account.grants.join(', ') || m.settings.noGrants],
  ] as const;
  return (
    <>
      <Box
        component="dl"
        sx={{
          display: 'grid',
          gridTemplateColumns: { sm: '180px 1fr' },
          columnGap: 2,
          rowGap: { xs: 0, sm: 1.25 },
          m: 0,
        }}
      >
        {facts.map(([term, value]) => (
          <Box key={term} sx={{ display: 'contents' }}>
            <Typography component="dt" variant="body2" color="textSecondary">
              {term}
            </Typography>
            <Typography component="dd" variant="body2" sx={{ m: 0, mb: { xs: 1.25, sm: 0 }, minWidth: 0 }}>
              {value}
            </Typography>
          </Box>
        ))}
      </Box>
      <Box>
        <Button variant="outlined" onClick={() => setIsChanging(true)}>
          {m.settings.changeUsername}
        </Button>
      </Box>
      {isChanging && <UsernameDialog account={account} onClose={() => setIsChanging(false)} />}
    </>
  );
}
