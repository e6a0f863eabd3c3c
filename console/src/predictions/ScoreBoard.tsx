import type { GameDetails } from '@greenroom/client';
import Box from '@mui/material/Box';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { Fragment } from 'react';
import { duration } from '../app/format.ts';
import { LiveMark } from '../app/LiveMark.tsx';
import { messages as m } from '../messages.ts';
import { actionName, type SideScore, scoreAction, sideCounts } from './live/targets.ts';
import { useServerNow } from './live/useServerNow.ts';

const PAIR = 2;

/** Time before or since the match began. */
function Clock({ game }: { game: GameDetails }) {
  const nowMs = useServerNow();
  const start = game.live_start_at;
  if (start === null || game.status === 'game_closed') return null;
  const text = nowMs < start ? m.game.startsIn(duration(start - nowMs)) : duration(nowMs - start);
  return (
    <Typography
      component="span"
      role="timer"
      aria-label={nowMs < start ? undefined : m.game.matchTime(text)}
      sx={{ fontWeight: 650, fontSize: '0.9375rem' }}
    >
      {text}
    </Typography>
  );
}

interface SideProps {
  side: SideScore;
  area: 'home' | 'away';
  align: 'left' | 'right';
  isStarted: boolean;
}

function Side({ side, area, align, isStarted }: SideProps) {
  return (
    <>
      <Typography
        component="span"
        sx={{
          gridArea: area,
          textAlign: { xs: 'left', sm: align },
          fontSize: { xs: '1.25rem', sm: '1.625rem' },
          fontWeight: 700,
          letterSpacing: '-0.01em',
          minWidth: 0,
        }}
      >
        {side.name}
      </Typography>
      <Typography
        component="span"
        sx={{ gridArea: `${area}Count`, fontSize: { xs: '2rem', sm: '3.25rem' }, fontWeight: 800, lineHeight: 1.15 }}
      >
        {isStarted && side.count}
      </Typography>
    </>
  );
}

/** Two sides face each other; more, or one, are listed. */
function Score({ sides, isStarted }: { sides: SideScore[]; isStarted: boolean }) {
  if (sides.length !== PAIR) {
    return (
      <Stack direction="row" useFlexGap sx={{ flexWrap: 'wrap', columnGap: 3, rowGap: 0.5, mt: 1.5 }}>
        {sides.map((side) => (
          <Typography key={side.id} sx={{ fontWeight: 650 }}>
            {side.name} <Box component="span">{isStarted && side.count}</Box>
          </Typography>
        ))}
      </Stack>
    );
  }
  const [home, away] = sides as [SideScore, SideScore];
  return (
    <Box
      role="img"
      aria-label={isStarted ? m.game.scoreLine(home, away) : m.game.sides(home.name, away.name)}
      sx={{
        display: 'grid',
        gridTemplateAreas: { xs: '"home homeCount" "away awayCount"', sm: '"home homeCount dash awayCount away"' },
        gridTemplateColumns: { xs: '1fr auto', sm: 'minmax(0, 1fr) auto auto auto minmax(0, 1fr)' },
        alignItems: 'center',
        columnGap: 1.5,
        my: { xs: 0.5, sm: 1.5 },
      }}
    >
      <Side side={home} area="home" align="right" isStarted={isStarted} />
      <Side side={away} area="away" align="left" isStarted={isStarted} />
      <Box sx={{ gridArea: 'dash', display: { xs: 'none', sm: 'block' }, fontSize: '2.5rem', color: 'text.secondary' }}>
        –
      </Box>
    </Box>
  );
}

/** Other counted actions, for example corners and cards. */
function Facts({ game, scored }: { game: GameDetails; scored: string | undefined }) {
  const rows = game.game_state.filter((row) => row.action_id !== scored);
  const sides = sideCounts(game, undefined);
  if (rows.length === 0 || sides.length !== PAIR) return null;
  return (
    <Box
      component="dl"
      aria-label={m.game.facts}
      sx={{ display: 'flex', flexWrap: 'wrap', justifyContent: 'center', columnGap: 3, rowGap: 0.5, m: 0 }}
    >
      {rows.map((row) => (
        <Fragment key={row.action_id}>
          <Box sx={{ display: 'flex', gap: 1, alignItems: 'baseline' }}>
            <Typography component="dt" variant="body2" color="textSecondary">
              {actionName(game.actions, row.action_id)}
            </Typography>
            <Typography component="dd" variant="body2" sx={{ m: 0, fontWeight: 650 }}>
              {sides.map((side) => row[side.id] ?? '0').join(' – ')}
            </Typography>
          </Box>
        </Fragment>
      ))}
    </Box>
  );
}

/** Score, clock and counts of a game. */
export function ScoreBoard({ game }: { game: GameDetails }) {
  const scored = scoreAction(game);
  return (
    <Paper variant="outlined" component="section" aria-label={m.game.score} sx={{ p: { xs: 2, sm: 3 }, mb: 2 }}>
      <Stack
        direction="row"
        useFlexGap
        sx={{ justifyContent: 'space-between', alignItems: 'center', gap: 1, flexWrap: 'wrap' }}
      >
        <LiveMark status={game.status} />
        <Clock game={game} />
      </Stack>
      <Score sides={sideCounts(game, scored)} isStarted={game.status !== 'betting_not_yet_active'} />
      <Facts game={game} scored={scored} />
    </Paper>
  );
}
