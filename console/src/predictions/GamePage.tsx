import type { GameDetails, Pool } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import type { Theme } from '@mui/material/styles';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import Typography from '@mui/material/Typography';
import useMediaQuery from '@mui/material/useMediaQuery';
import { useCallback, useState } from 'react';
import { Link as RouterLink, useLocation, useParams } from 'react-router';
import NotFoundPage from '../app/NotFoundPage.tsx';
import { Page } from '../app/Page.tsx';
import { FailureState, LoadingBlocks } from '../app/States.tsx';
import { messages as m } from '../messages.ts';
import { BalanceBar } from './BalanceBar.tsx';
import { useConnection } from './live/Connection.tsx';
import { type GameView, useGame } from './live/useGame.ts';
import { AdminPanel } from './manage/AdminPanel.tsx';
import { PoolAdminTools } from './manage/PoolAdminTools.tsx';
import { useGameRoles } from './manage/useGameRoles.ts';
import { PoolTabs } from './pools/PoolTabs.tsx';
import { ScoreBoard } from './ScoreBoard.tsx';
import { SideTabs } from './side/SideTabs.tsx';

const PART_BUTTON = { textTransform: 'none', fontWeight: 600 } as const;
const NOTES: Partial<Record<GameDetails['status'], string>> = {
  game_closed: m.game.closed,
  game_in_progress_betting_closed: m.game.closing,
  betting_not_yet_active: m.game.notOpen,
};

function GuestNote() {
  const { pathname } = useLocation();
  return (
    <Alert
      severity="info"
      variant="outlined"
      sx={{ mb: 2 }}
      action={
        <Button
          component={RouterLink}
          to={`/sign-in?next=${encodeURIComponent(pathname)}`}
          color="inherit"
          size="small"
        >
          {m.common.signIn}
        </Button>
      }
    >
      {m.game.signInToPlay}
      <Typography variant="caption" component="div">
        {m.game.anonymousRefresh}
      </Typography>
    </Alert>
  );
}

type Part = 'questions' | 'room';

/** On narrow screens the questions and the room around them take turns. */
function PartSwitch({ part, onChange }: { part: Part; onChange: (part: Part) => void }) {
  return (
    <ToggleButtonGroup
      exclusive
      fullWidth
      size="small"
      value={part}
      aria-label={m.game.parts}
      onChange={(_, value: Part | null) => value !== null && onChange(value)}
      sx={{ mb: 2, bgcolor: 'background.paper' }}
    >
      <ToggleButton value="questions" sx={PART_BUTTON}>
        {m.game.questionsPart}
      </ToggleButton>
      <ToggleButton value="room" sx={PART_BUTTON}>
        {m.game.roomPart}
      </ToggleButton>
    </ToggleButtonGroup>
  );
}

function Loaded({ game, view }: { game: GameDetails; view: GameView }) {
  const connection = useConnection();
  const roles = useGameRoles(game);
  const isGuest = connection === null;
  const note = NOTES[game.status];
  const isNarrow = useMediaQuery((theme: Theme) => theme.breakpoints.down('md'));
  const [part, setPart] = useState<Part>('questions');
  const adminTools = useCallback((pool: Pool) => <PoolAdminTools pool={pool} game={game} />, [game]);
  return (
    <Page title={game.name} isTitleHidden>
      <ScoreBoard game={game} />
      {note && (
        <Alert severity="info" variant="outlined" sx={{ mb: 2 }}>
          {note}
        </Alert>
      )}
      {isGuest ? <GuestNote /> : <BalanceBar isSticky />}
      {isNarrow && <PartSwitch part={part} onChange={setPart} />}
      <Box
        sx={{
          display: 'grid',
          gap: 3,
          gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 1fr) 380px' },
          alignItems: 'start',
        }}
      >
        {(!isNarrow || part === 'questions') && (
          <Stack spacing={3} sx={{ minWidth: 0 }}>
            {roles.isAny && <AdminPanel game={game} pools={view.state.pools} roles={roles} />}
            <PoolTabs
              state={view.state}
              game={game}
              isGuest={isGuest}
              adminTools={roles.isGameAdmin ? adminTools : undefined}
            />
          </Stack>
        )}
        {(!isNarrow || part === 'room') && <SideTabs state={view.state} game={game} />}
      </Box>
    </Page>
  );
}

export default function GamePage() {
  const { gameId = '' } = useParams();
  const view = useGame(gameId);
  if (view.isUnknown) return <NotFoundPage />;
  if (view.state.game !== null) return <Loaded key={gameId} game={view.state.game} view={view} />;
  return (
    <Page title={m.games.title} isTitleHidden>
      {view.error ? <FailureState error={view.error} onRetry={view.retry} /> : <LoadingBlocks count={4} height={140} />}
    </Page>
  );
}
