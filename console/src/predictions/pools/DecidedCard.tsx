import type { ResolvedPool } from '@greenroom/client';
import CheckCircleRounded from '@mui/icons-material/CheckCircleRounded';
import HighlightOffRounded from '@mui/icons-material/HighlightOffRounded';
import ReplayRounded from '@mui/icons-material/ReplayRounded';
import Box from '@mui/material/Box';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { dateTime, money, signedMoney } from '../../app/format.ts';
import { messages as m } from '../../messages.ts';
import { answerName } from '../live/gameState.ts';
import { netOf, outcome, stakeOf } from './outcome.ts';

const LOOKS = {
  won: { Icon: CheckCircleRounded, color: 'success', label: m.results.wonShort },
  lost: { Icon: HighlightOffRounded, color: 'error', label: m.results.lostShort },
  returned: { Icon: ReplayRounded, color: 'info', label: m.results.returnedShort },
} as const;

/** One decided pool of the player, with its net. */
export function DecidedCard({ pool, currency }: { pool: ResolvedPool; currency: string }) {
  const { Icon, color, label } = LOOKS[outcome(pool)];
  const mine = Object.keys(pool.user_backed)
    .map((targetId) => answerName(pool, targetId))
    .join(', ');
  return (
    <Paper variant="outlined" component="article" aria-label={pool.description} sx={{ p: { xs: 1.5, sm: 2 } }}>
      <Stack direction="row" spacing={1.5} sx={{ alignItems: 'flex-start' }}>
        <Icon color={color} sx={{ mt: 0.25 }} />
        <Box sx={{ flex: 1, minWidth: 0 }}>
          <Typography variant="h3" component="h2">
            {pool.description}
          </Typography>
          <Typography variant="body2">
            {m.results.answer(answerName(pool, pool.winning_target) ?? m.results.voided)}
          </Typography>
          <Typography variant="body2" color="textSecondary">
            {mine && `${m.you.friendPrediction(mine, money(stakeOf(pool)))} · `}
            {m.results.decidedAt(dateTime(pool.resolved_at))}
          </Typography>
        </Box>
        <Box sx={{ textAlign: 'right', flexShrink: 0 }}>
          <Typography sx={{ fontWeight: 700, color: `${color}.main` }}>{signedMoney(netOf(pool))}</Typography>
          <Typography variant="caption" color="textSecondary" component="div">
            {label}
          </Typography>
          <Typography variant="caption" color="textSecondary" component="div">
            {currency}
          </Typography>
        </Box>
      </Stack>
    </Paper>
  );
}
