import { type Distribution, fromCents, type Pool, parseAmount, toCents } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { type FormEvent, useState } from 'react';
import { money } from '../../app/format.ts';
import { messages as m } from '../../messages.ts';
import { answerLabel } from '../live/targets.ts';
import { StakePreview } from './StakePreview.tsx';
import type { PlaceBet } from './usePlaceBet.ts';

const QUICK_AMOUNTS = [5, 10, 25, 50];
const START_AMOUNT = '10';

interface QuickAmountsProps {
  available: number;
  onChoose: (amount: string) => void;
}

function QuickAmounts({ available, onChoose }: QuickAmountsProps) {
  return (
    <Stack direction="row" role="group" aria-label={m.stake.quick} useFlexGap sx={{ flexWrap: 'wrap', gap: 0.75 }}>
      {QUICK_AMOUNTS.map((amount) => (
        <Button
          key={amount}
          size="small"
          variant="outlined"
          disabled={amount > available}
          aria-label={m.stake.add(money(amount))}
          onClick={() => onChoose(String(amount))}
          sx={{ minWidth: 48 }}
        >
          {amount}
        </Button>
      ))}
      <Button
        size="small"
        variant="outlined"
        disabled={available <= 0}
        aria-label={m.stake.allLabel(money(available))}
        onClick={() => onChoose(available.toFixed(2))}
      >
        {m.stake.all}
      </Button>
    </Stack>
  );
}

interface StakeFormProps {
  pool: Pool;
  entry: Distribution;
  ownStake: number;
  available: number;
  currency: string;
  bet: PlaceBet;
}

/** Amount, preview and button for one chosen answer. */
export function StakeForm({ pool, entry, ownStake, available, currency, bet }: StakeFormProps) {
  const [typed, setTyped] = useState(START_AMOUNT);
  const cents = parseAmount(typed);
  const isTooMuch = cents !== undefined && cents > toCents(available);
  const isPending = bet.progress.step === 'pending';
  const name = answerLabel(entry);
  const problem = cents === undefined ? m.stake.invalid : isTooMuch ? m.stake.tooMuch(money(available)) : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (cents !== undefined && !isTooMuch) void bet.place(entry.target_id, cents);
  };
  return (
    <Stack
      component="form"
      noValidate
      spacing={1.5}
      onSubmit={submit}
      aria-label={m.stake.title(name)}
      sx={{ pt: 1.5 }}
    >
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={1.5} sx={{ alignItems: { sm: 'center' } }}>
        <TextField
          label={m.stake.amountIn(currency)}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            if (bet.progress.step === 'refused') bet.edit();
          }}
          error={problem !== undefined}
          disabled={isPending}
          slotProps={{ htmlInput: { inputMode: 'decimal', maxLength: 15 } }}
          sx={{ maxWidth: { sm: 180 } }}
        />
        <QuickAmounts available={available} onChoose={setTyped} />
      </Stack>
      {problem && (
        <Typography variant="body2" color="error" role="status">
          {problem}
        </Typography>
      )}
      {cents !== undefined && !isTooMuch && (
        <StakePreview pool={pool} entry={entry} ownStake={ownStake} cents={cents} />
      )}
      {bet.progress.step === 'refused' && <Alert severity="error">{m.stake.refused(bet.progress.reason)}</Alert>}
      <Button type="submit" variant="contained" size="large" disabled={problem !== undefined} loading={isPending}>
        {cents === undefined ? m.stake.placeEmpty : m.stake.place(money(fromCents(cents)), name)}
      </Button>
    </Stack>
  );
}
