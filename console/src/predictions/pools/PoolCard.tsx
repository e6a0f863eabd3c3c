import { type Backing, fromCents, type GameDetails, type Pool } from '@greenroom/client';
import LocalFireDepartmentRounded from '@mui/icons-material/LocalFireDepartmentRounded';
import LockRounded from '@mui/icons-material/LockRounded';
import TimerOutlined from '@mui/icons-material/TimerOutlined';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Chip from '@mui/material/Chip';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { memo, type ReactNode, useId, useState } from 'react';
import { duration, money } from '../../app/format.ts';
import { messages as m } from '../../messages.ts';
import { useConnection } from '../live/Connection.tsx';
import { answerName } from '../live/gameState.ts';
import { answerLabel, teamName } from '../live/targets.ts';
import { AnswerRow } from './AnswerRow.tsx';
import { acceptance } from './acceptance.ts';
import { GuestStakeForm } from './GuestStakeForm.tsx';
import { StakeForm } from './StakeForm.tsx';
import { type PlaceBet, usePlaceBet } from './usePlaceBet.ts';

interface PoolCardProps {
  pool: Pool;
  backing: Backing;
  game: GameDetails;
  /** The server's clock, for questions that end by it. */
  nowMs: number;
  /** A prediction is on its way. */
  onPlace: (poolId: string) => void;
  /** Buttons of the game's admin. */
  adminTools?: ((pool: Pool) => ReactNode) | undefined;
}

function PoolMarks({ pool, nowMs }: { pool: Pool; nowMs: number }) {
  const state = acceptance(pool, nowMs);
  const { stop_accepting_bets_at: stopAt, finish_at: finishAt } = pool;
  return (
    <Stack direction="row" useFlexGap sx={{ flexWrap: 'wrap', gap: 0.75 }}>
      {pool.is_hot && <Chip size="small" color="secondary" icon={<LocalFireDepartmentRounded />} label={m.pools.hot} />}
      {state === 'blocked' && <Chip size="small" color="warning" icon={<LockRounded />} label={m.pools.blocked} />}
      {state === 'stopped' && <Chip size="small" icon={<LockRounded />} label={m.pools.stopped} />}
      {stopAt !== null && nowMs < stopAt && (
        <Chip
          size="small"
          variant="outlined"
          icon={<TimerOutlined />}
          label={m.pools.entriesEndIn(duration(stopAt - nowMs))}
        />
      )}
      {finishAt !== null && nowMs < finishAt && (
        <Chip
          size="small"
          variant="outlined"
          icon={<TimerOutlined />}
          label={m.pools.endsIn(duration(finishAt - nowMs))}
        />
      )}
    </Stack>
  );
}

function BetOutcome({ pool, bet }: { pool: Pool; bet: PlaceBet }) {
  const { progress } = bet;
  if (progress.step !== 'placed' && progress.step !== 'unknown') return null;
  const entry = pool.distribution.find(({ target_id }) => target_id === progress.targetId);
  if (progress.step === 'placed') {
    const name = entry ? answerLabel(entry) : progress.targetId;
    return (
      <Alert severity="success" onClose={bet.edit} sx={{ mt: 1.5 }}>
        {m.stake.placed(money(fromCents(progress.cents)), name)}
      </Alert>
    );
  }
  const again = (
    <Button color="inherit" size="small" onClick={() => void bet.retry()}>
      {m.stake.again}
    </Button>
  );
  return (
    <Alert severity="warning" action={again} sx={{ mt: 1.5 }}>
      {m.stake.unknown}
    </Alert>
  );
}

function isBeforeMatch({ status }: GameDetails): boolean {
  return status === 'betting_not_yet_active' || status === 'pre_game_betting_active';
}

interface PoolHeadProps {
  id: string;
  pool: Pool;
  currency: string;
  nowMs: number;
}

/** The question, what is in its pool, and its marks. */
function PoolHead({ id, pool, currency, nowMs }: PoolHeadProps) {
  return (
    <Stack
      direction={{ xs: 'column', sm: 'row' }}
      spacing={1}
      sx={{ justifyContent: 'space-between', alignItems: 'flex-start', mb: 1.25 }}
    >
      <Box sx={{ minWidth: 0 }}>
        <Typography variant="h3" component="h2" id={id}>
          {pool.description}
        </Typography>
        <Typography variant="body2" color="textSecondary">
          {m.pools.inPool(money(pool.amount_total), currency)} · {m.pools.people(pool.participants)}
        </Typography>
      </Box>
      <PoolMarks pool={pool} nowMs={nowMs} />
    </Stack>
  );
}

/** One unresolved question: its answers with moving multipliers, and the form to predict. Drawn again only when it has changed itself. */
export const PoolCard = memo(function PoolCard({ pool, backing, game, nowMs, onPlace, adminTools }: PoolCardProps) {
  const id = useId();
  const connection = useConnection();
  const [selected, setSelected] = useState<string | null>(null);
  const bet = usePlaceBet(pool, game, () => onPlace(pool.pool_id));
  const backed = Object.keys(backing).find((targetId) => (backing[targetId] ?? 0) > 0);
  const state = acceptance(pool, nowMs);
  const canBet = connection !== null && state === 'accepting';
  // Before the match an e-mail address is enough (PG1).
  const isByEmail = connection === null && state === 'accepting' && isBeforeMatch(game);
  const entry = pool.distribution.find(({ target_id }) => target_id === selected);
  const isEditing = bet.progress.step !== 'placed' && bet.progress.step !== 'unknown';
  const choose = (targetId: string) => {
    bet.edit();
    setSelected(targetId === selected && isEditing ? null : targetId);
  };
  return (
    <Paper variant="outlined" component="article" aria-labelledby={id} sx={{ p: { xs: 1.5, sm: 2 } }}>
      <PoolHead id={id} pool={pool} currency={game.currency} nowMs={nowMs} />
      <Stack role="group" aria-label={m.pools.choose} spacing={0.75}>
        {pool.distribution.map((answer) => (
          <AnswerRow
            key={answer.target_id}
            entry={answer}
            poolTotal={pool.amount_total}
            team={teamName(game.targets, answer.target_id)}
            ownStake={backing[answer.target_id] ?? 0}
            currency={game.currency}
            isSelected={answer.target_id === selected}
            isDisabled={!(canBet || isByEmail) || (backed !== undefined && backed !== answer.target_id)}
            onSelect={() => choose(answer.target_id)}
          />
        ))}
      </Stack>
      {backed !== undefined && canBet && (
        <Typography variant="caption" color="textSecondary" component="p" sx={{ m: 0, mt: 0.75 }}>
          {m.pools.targetTaken(answerName(pool, backed) ?? backed)}
        </Typography>
      )}
      {entry && canBet && isEditing && (
        <StakeForm
          key={entry.target_id}
          pool={pool}
          entry={entry}
          ownStake={backing[entry.target_id] ?? 0}
          available={connection.balance.available_balance ?? 0}
          currency={game.currency}
          bet={bet}
        />
      )}
      {entry && isByEmail && (
        <GuestStakeForm key={entry.target_id} pool={pool} entry={entry} game={game} onDone={() => setSelected(null)} />
      )}
      <Box role="status">
        <BetOutcome pool={pool} bet={bet} />
      </Box>
      {adminTools?.(pool)}
    </Paper>
  );
});
