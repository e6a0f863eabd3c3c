import { ApiError } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useState } from 'react';
import { Link as RouterLink, useNavigate, useSearchParams } from 'react-router';
import { failureText } from '../app/failure.ts';
import { useNotify } from '../app/Notices.tsx';
import { Page } from '../app/Page.tsx';
import { safeNext, useSignIn } from '../app/session.ts';
import { messages as m } from '../messages.ts';
import { FormCard } from './FormCard.tsx';
import { PasswordField } from './PasswordField.tsx';

const FORM_WIDTH_PX = 480;

function focusOnMount(input: HTMLInputElement | null): void {
  input?.focus();
}

export default function SignInPage() {
  const [query] = useSearchParams();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [otp, setOtp] = useState('');
  const navigate = useNavigate();
  const notify = useNotify();
  const signIn = useSignIn();
  const isOtpAsked = otp !== '' || (signIn.error instanceof ApiError && signIn.error.code === 'second_factor_required');
  const submit = () =>
    signIn.mutate(
      { username: username.trim(), password, otp: otp === '' ? undefined : otp.trim() },
      {
        onSuccess: (account) => {
          notify(m.account.welcome(account.username), 'success');
          navigate(safeNext(query.get('next')), { replace: true });
        },
      },
    );
  return (
    <Page title={m.account.signInTitle} lead={m.account.signInLead} width={FORM_WIDTH_PX}>
      <FormCard onSubmit={submit} label={m.account.signInTitle}>
        {signIn.error && (
          <Alert severity={signIn.variables?.otp === undefined && isOtpAsked ? 'info' : 'error'}>
            {failureText(signIn.error)}
          </Alert>
        )}
        <TextField
          label={m.account.usernameOrEmail}
          value={username}
          required
          autoComplete="username"
          onChange={(event) => setUsername(event.target.value)}
        />
        <PasswordField
          label={m.account.password}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
        />
        {isOtpAsked && (
          <TextField
            label={m.account.otp}
            value={otp}
            required
            inputRef={focusOnMount}
            helperText={m.account.otpHelp}
            autoComplete="one-time-code"
            onChange={(event) => setOtp(event.target.value)}
          />
        )}
        <Button type="submit" variant="contained" size="large" loading={signIn.isPending}>
          {m.common.signIn}
        </Button>
        <Stack direction="row" useFlexGap sx={{ flexWrap: 'wrap', justifyContent: 'space-between', gap: 1 }}>
          <Link component={RouterLink} to="/reset" variant="body2">
            {m.account.forgot}
          </Link>
          <Typography variant="body2">
            {m.account.noAccount}{' '}
            <Link component={RouterLink} to={`/register?${query}`} underline="always">
              {m.common.register}
            </Link>
          </Typography>
        </Stack>
      </FormCard>
    </Page>
  );
}
