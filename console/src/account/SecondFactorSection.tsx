import type { SecondFactorSecret } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useApi } from '../app/api.tsx';
import { failureText } from '../app/failure.ts';
import { useNotify } from '../app/Notices.tsx';
import { FailureState, LoadingBlocks } from '../app/States.tsx';
import { messages as m } from '../messages.ts';
import { PasswordField } from './PasswordField.tsx';

const STATE = ['second-factor'] as const;
const FORM_WIDTH_PX = 420;

interface CodeFieldProps {
  value: string;
  onChange: (code: string) => void;
}

function CodeField({ value, onChange }: CodeFieldProps) {
  return (
    <TextField
      label={m.settings.secondFactorCode}
      value={value}
      required
      autoComplete="one-time-code"
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function RecoveryCodes({ codes }: { codes: readonly string[] }) {
  return (
    <Alert severity="success" variant="outlined">
      <Typography component="h3" sx={{ fontWeight: 650 }}>
        {m.settings.recoveryCodes}
      </Typography>
      {m.settings.recoveryCodesLead}
      <Box
        component="ul"
        sx={{
          columnWidth: 150,
          listStyle: 'none',
          fontFamily: 'ui-monospace, monospace',
          fontSize: '1rem',
          m: 0,
          mt: 1,
          p: 0,
        }}
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </Box>
    </Alert>
  );
}

interface EnrolProps {
  issued: SecondFactorSecret;
  onEnabled: (recoveryCodes: string[]) => void;
}

/** The secret, and the first code as proof that the app has it. */
function Enrol({ issued, onEnabled }: EnrolProps) {
  const api = useApi();
  const [code, setCode] = useState('');
  const confirm = useMutation({
    mutationFn: () => api.account.confirmSecondFactor(code.trim()),
    onSuccess: onEnabled,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <Stack component="form" spacing={2} onSubmit={submit} sx={{ maxWidth: FORM_WIDTH_PX, alignItems: 'flex-start' }}>
      {confirm.error && <Alert severity="error">{failureText(confirm.error)}</Alert>}
      <Typography variant="body2">{m.settings.secondFactorHow}</Typography>
      <TextField
        label={m.settings.secondFactorSecret}
        value={issued.secret}
        slotProps={{ htmlInput: { readOnly: true, sx: { fontFamily: 'ui-monospace, monospace' } } }}
      />
      <Button href={issued.uri} variant="outlined">
        {m.settings.secondFactorOpen}
      </Button>
      <CodeField value={code} onChange={setCode} />
      <Button type="submit" variant="contained" loading={confirm.isPending}>
        {m.settings.secondFactorConfirm}
      </Button>
    </Stack>
  );
}

function Disable({ onDisabled }: { onDisabled: () => void }) {
  const api = useApi();
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const disable = useMutation({
    mutationFn: () => api.account.disableSecondFactor(code.trim(), password),
    onSuccess: onDisabled,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    disable.mutate();
  };
  return (
    <Stack component="form" spacing={2} onSubmit={submit} sx={{ maxWidth: FORM_WIDTH_PX, alignItems: 'flex-start' }}>
      {disable.error && <Alert severity="error">{failureText(disable.error)}</Alert>}
      <CodeField value={code} onChange={setCode} />
      <PasswordField
        label={m.account.currentPassword}
        value={password}
        onChange={setPassword}
        autoComplete="current-password"
      />
      <Button type="submit" variant="outlined" color="error" loading={disable.isPending}>
        {m.settings.secondFactorDisable}
      </Button>
    </Stack>
  );
}

/** Sets up and switches off the second factor (PF-13). */
export function SecondFactorSection() {
  const api = useApi();
  const queries = useQueryClient();
  const notify = useNotify();
  const [recoveryCodes, setRecoveryCodes] = useState<string[]>([]);
  const state = useQuery({ queryKey: STATE, queryFn: ({ signal }) => api.account.secondFactor(signal) });
  const begin = useMutation({
    mutationFn: () => api.account.beginSecondFactor(),
    onError: (error) => notify(failureText(error), 'error'),
  });
  const changed = (codes: string[]) => {
    begin.reset();
    setRecoveryCodes(codes);
    void queries.invalidateQueries({ queryKey: STATE });
    void queries.invalidateQueries({ queryKey: ['me'] });
  };
  const disabled = () => {
    notify(m.settings.secondFactorOff);
    changed([]);
  };
  if (state.isPending) return <LoadingBlocks count={1} height={56} />;
  if (state.isError) return <FailureState error={state.error} onRetry={() => void state.refetch()} />;
  if (state.data.enabled) {
    return (
      <>
        {recoveryCodes.length > 0 && <RecoveryCodes codes={recoveryCodes} />}
        <Typography variant="body2">{m.settings.secondFactorIsOn(state.data.recovery_codes_left)}</Typography>
        <Disable onDisabled={disabled} />
      </>
    );
  }
  if (begin.data) return <Enrol issued={begin.data} onEnabled={changed} />;
  return (
    <Button
      variant="outlined"
      loading={begin.isPending}
      onClick={() => begin.mutate()}
      sx={{ alignSelf: 'flex-start' }}
    >
      {m.settings.secondFactorBegin}
    </Button>
  );
}
