import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useState } from 'react';
import { Link as RouterLink, useNavigate, useSearchParams } from 'react-router';
import { failureText, fieldFailure } from '../app/failure.ts';
import { useNotify } from '../app/Notices.tsx';
import { Page } from '../app/Page.tsx';
import { safeNext, useAccount, useRegister } from '../app/session.ts';
import { messages as m } from '../messages.ts';
import { FormCard } from './FormCard.tsx';
import { PasswordField } from './PasswordField.tsx';

const FORM_WIDTH_PX = 480;

export default function RegisterPage() {
  const [query] = useSearchParams();
  const [username, setUsername] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { account } = useAccount();
  const navigate = useNavigate();
  const notify = useNotify();
  const register = useRegister();
  const inviteId = query.get('invite') ?? undefined;
  const submit = () =>
    register.mutate(
      { username: username.trim(), email: email.trim(), password, invite_id: inviteId },
      {
        onSuccess: (created) => {
          notify(m.account.welcome(created.username), 'success');
          navigate(safeNext(query.get('next')), { replace: true });
        },
      },
    );
  const field = (name: string, help?: string) => {
    const error = fieldFailure(register.error, name);
    return { error: error !== undefined, helperText: error ?? help };
  };
  return (
    <Page title={m.account.registerTitle} lead={m.account.registerLead} width={FORM_WIDTH_PX}>
      <FormCard onSubmit={submit} label={m.account.registerTitle}>
        {account && <Alert severity="info">{m.account.alreadySignedIn(account.username)}</Alert>}
        {inviteId && <Alert severity="success">{m.account.invited}</Alert>}
        {register.error && <Alert severity="error">{failureText(register.error)}</Alert>}
        <TextField
          label={m.account.username}
          value={username}
          required
          autoComplete="username"
          onChange={(event) => setUsername(event.target.value)}
          {...field('username', m.account.usernameHelp)}
        />
        <TextField
          label={m.account.email}
          type="email"
          value={email}
          required
          autoComplete="email"
          onChange={(event) => setEmail(event.target.value)}
          {...field('email')}
        />
        <PasswordField
          label={m.account.password}
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
          error={fieldFailure(register.error, 'password')}
          helperText={m.account.passwordHelp}
        />
        <Button type="submit" variant="contained" size="large" loading={register.isPending}>
          {m.common.register}
        </Button>
        <Typography variant="body2">
          {m.account.haveAccount}{' '}
          <Link component={RouterLink} to={`/sign-in?${query}`} underline="always">
            {m.common.signIn}
          </Link>
        </Typography>
      </FormCard>
    </Page>
  );
}
