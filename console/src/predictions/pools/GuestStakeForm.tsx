import { type Distribution, fromCents, type GameDetails, newId, type Pool, parseAmount } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { useApi } from '../../app/api.tsx';
import { failureText } from '../../app/failure.ts';
import { money } from '../../app/format.ts';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { answerLabel } from '../live/targets.ts';
import { StakePreview } from './StakePreview.tsx';

const START_AMOUNT = '10';

interface GuestStakeFormProps {
  pool: Pool;
  entry: Distribution;
  game: GameDetails;
  onDone: () => void;
}

/** Sends the prediction, tells what became of it and refreshes what shows it. */
function usePredictByEmail({ pool, entry, game, onDone }: GuestStakeFormProps, email: string) {
  const api = useApi();
  const notify = useNotify();
  const queries = useQueryClient();
  // The same prediction sent again counts once; a changed one is another.
  const attempt = useRef({ what: '', key: '' });
  const name = answerLabel(entry);
  return useMutation({
    mutationFn: (amount: number) => {
      const what = `${email} ${amount}`;
      if (attempt.current.what !== what) attempt.current = { what, key: newId() };
      const bet = { targetId: entry.target_id, amount, email: email.trim() };
      return api.predictions.predictUpcoming(pool, game.source_id, bet, attempt.current.key);
    },
    onSuccess: (outcome, amount) => {
      const text = outcome.pending
        ? m.guest.pending
        : outcome.needs_auth
          ? m.guest.placedAgain(money(amount), name)
          : m.guest.placedFirst(money(amount), name, email.trim());
      notify(text, outcome.pending ? 'info' : 'success');
      void queries.invalidateQueries({ queryKey: ['me'] });
      void queries.invalidateQueries({ queryKey: ['game', game.game_id] });
      onDone();
    },
  });
}

/** A prediction before the match by e-mail address alone: the first one makes an account (PG1 to PG3). */
export function GuestStakeForm({ pool, entry, game, onDone }: GuestStakeFormProps) {
  const [email, setEmail] = useState('');
  const [typed, setTyped] = useState(START_AMOUNT);
  const cents = parseAmount(typed);
  const name = answerLabel(entry);
  const predict = usePredictByEmail({ pool, entry, game, onDone }, email);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (cents !== undefined) predict.mutate(fromCents(cents));
  };
  return (
    <Stack component="form" spacing={1.5} onSubmit={submit} aria-label={m.stake.title(name)} sx={{ pt: 1.5 }}>
      <Typography variant="body2">{m.guest.lead}</Typography>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={1.5}>
        <TextField
          type="email"
          label={m.account.email}
          value={email}
          required
          autoComplete="email"
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label={m.stake.amountIn(game.currency)}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          error={cents === undefined}
          slotProps={{ htmlInput: { inputMode: 'decimal', maxLength: 15 } }}
          sx={{ maxWidth: { sm: 180 } }}
        />
      </Stack>
      {cents === undefined ? (
        <Typography variant="body2" color="error" role="status">
          {m.stake.invalid}
        </Typography>
      ) : (
        <StakePreview pool={pool} entry={entry} ownStake={0} cents={cents} />
      )}
      {predict.error && <Alert severity="error">{m.stake.refused(failureText(predict.error))}</Alert>}
      <Button
        type="submit"
        variant="contained"
        size="large"
        disabled={cents === undefined || email.trim() === ''}
        loading={predict.isPending}
      >
        {cents === undefined ? m.stake.placeEmpty : m.stake.place(money(fromCents(cents)), name)}
      </Button>
    </Stack>
  );
}
