import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useApi } from '../app/api.tsx';
import { failureText, fieldFailure } from '../app/failure.ts';
import { useNotify } from '../app/Notices.tsx';
import { messages as m } from '../messages.ts';
import { PasswordField } from './PasswordField.tsx';

/** Changes the password; all sessions end (PF-72). */
export function PasswordSection({ username }: { username: string }) {
  const api = useApi();
  const notify = useNotify();
  const queries = useQueryClient();
  const [current, setCurrent] = useState('');
  const [chosen, setChosen] = useState('');
  const [repeated, setRepeated] = useState('');
  const change = useMutation({
    mutationFn: () => api.account.changePassword(current, chosen),
    onSuccess: () => {
      notify(m.settings.passwordChanged, 'success');
      for (const clear of [setCurrent, setChosen, setRepeated]) clear('');
      void queries.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const isDifferent = repeated !== '' && repeated !== chosen;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen === repeated) change.mutate();
  };
  return (
    <Stack component="form" spacing={2.5} onSubmit={submit} sx={{ maxWidth: 420 }}>
      {change.error && <Alert severity="error">{failureText(change.error)}</Alert>}
      <input type="text" name="username" value={username} autoComplete="username" readOnly hidden />
      <PasswordField
        label={m.account.currentPassword}
        value={current}
        onChange={setCurrent}
        autoComplete="current-password"
        error={fieldFailure(change.error, 'current')}
      />
      <PasswordField
        label={m.account.newPassword}
        value={chosen}
        onChange={setChosen}
        autoComplete="new-password"
        error={fieldFailure(change.error, 'password')}
        helperText={m.account.passwordHelp}
      />
      <PasswordField
        label={m.account.repeatPassword}
        value={repeated}
        onChange={setRepeated}
        autoComplete="new-password"
        error={isDifferent ? m.account.passwordsDiffer : undefined}
      />
      <Button type="submit" variant="contained" loading={change.isPending} sx={{ alignSelf: 'flex-start' }}>
        {m.settings.changePassword}
      </Button>
    </Stack>
  );
}
