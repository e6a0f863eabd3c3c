import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { useApi } from '../app/api.tsx';
import { failureText } from '../app/failure.ts';
import { useNotify } from '../app/Notices.tsx';
import { Page } from '../app/Page.tsx';
import { messages as m } from '../messages.ts';
import { FormCard } from './FormCard.tsx';
import { PasswordField } from './PasswordField.tsx';

const FORM_WIDTH_PX = 480;

function AskForLink() {
  const api = useApi();
  const [username, setUsername] = useState('');
  const recover = useMutation({ mutationFn: () => api.account.recover(username.trim()) });
  return (
    <FormCard onSubmit={() => recover.mutate()} label={m.account.resetTitle}>
      {recover.error && <Alert severity="error">{failureText(recover.error)}</Alert>}
      {recover.isSuccess && <Alert severity="success">{m.account.resetSent}</Alert>}
      <TextField
        label={m.account.usernameOrEmail}
        value={username}
        required
        autoComplete="username"
        onChange={(event) => setUsername(event.target.value)}
      />
      <Button type="submit" variant="contained" size="large" loading={recover.isPending}>
        {m.account.resetSend}
      </Button>
    </FormCard>
  );
}

function ChoosePassword({ code, knownEmail }: { code: string; knownEmail: string }) {
  const api = useApi();
  const navigate = useNavigate();
  const notify = useNotify();
  const [email, setEmail] = useState(knownEmail);
  const [password, setPassword] = useState('');
  const reset = useMutation({
    mutationFn: () => api.account.resetPassword(email.trim(), code, password),
    onSuccess: () => {
      notify(m.account.resetDone, 'success');
      navigate('/sign-in', { replace: true });
    },
  });
  return (
    <FormCard onSubmit={() => reset.mutate()} label={m.account.resetTitle}>
      {reset.error && <Alert severity="error">{failureText(reset.error)}</Alert>}
      <TextField
        label={m.account.email}
        type="email"
        value={email}
        required
        autoComplete="email"
        onChange={(event) => setEmail(event.target.value)}
      />
      <PasswordField
        label={m.account.newPassword}
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        helperText={m.account.passwordHelp}
      />
      <Button type="submit" variant="contained" size="large" loading={reset.isPending}>
        {m.account.resetTitle}
      </Button>
    </FormCard>
  );
}

/** Asks for a recovery link; with the link's `code` takes a new password (AU12, AU13). */
export default function ResetPage() {
  const [query] = useSearchParams();
  const code = query.get('code');
  const lead = code === null ? m.account.resetLead : m.account.resetNewLead;
  return (
    <Page title={m.account.resetTitle} lead={lead} width={FORM_WIDTH_PX}>
      {code === null ? <AskForLink /> : <ChoosePassword code={code} knownEmail={query.get('email') ?? ''} />}
    </Page>
  );
}
