import type { Board } from '@greenroom/client';
import Stack from '@mui/material/Stack';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Api, useApi } from '../../app/api.tsx';
import { EmptyState, FailureState, LoadingBlocks } from '../../app/States.tsx';
import { useAccount } from '../../app/session.ts';
import { messages as m } from '../../messages.ts';
import { BoardTable } from './BoardTable.tsx';

type Scope = 'game' | 'overall' | 'friends';

const LABELS = { game: m.board.thisGame, overall: m.board.overall, friends: m.board.friends };
const COUNTS = { top_count: 10, surrounding_count: 2, bottom_count: 3 };

function readBoard(
  api: Api,
  scope: Scope,
  gameId: string | undefined,
  userId: string | undefined,
  signal: AbortSignal,
) {
  if (scope === 'game' && gameId !== undefined) return api.predictions.gameBoard(gameId, userId, COUNTS, signal);
  if (scope === 'friends' && userId !== undefined) {
    return gameId === undefined
      ? api.predictions.friendsBoard(userId, signal)
      : api.predictions.friendsGameBoard(gameId, userId, signal);
  }
  return api.predictions.globalBoard(userId, COUNTS, signal);
}

function BoardOf({ scope, gameId, userId }: { scope: Scope; gameId: string | undefined; userId: string | undefined }) {
  const api = useApi();
  const board = useQuery<Board>({
    queryKey: ['board', scope, gameId, userId],
    queryFn: ({ signal }) => readBoard(api, scope, gameId, userId, signal),
  });
  if (board.isPending) return <LoadingBlocks count={4} height={32} />;
  if (board.isError) return <FailureState error={board.error} onRetry={() => void board.refetch()} />;
  if (board.data.leaderboard.length === 0) {
    return <EmptyState text={scope === 'friends' ? m.board.emptyFriends : m.board.empty} />;
  }
  return <BoardTable board={board.data} userId={userId} label={`${m.board.title}: ${LABELS[scope]}`} />;
}

/** Leaderboards: of a game where one is given, overall, and among friends. */
export function BoardPanel({ gameId }: { gameId?: string }) {
  const { account } = useAccount();
  const scopes: Scope[] = gameId === undefined ? ['overall', 'friends'] : ['game', 'overall', 'friends'];
  const [scope, setScope] = useState<Scope>(scopes[0] ?? 'overall');
  return (
    <Stack spacing={2}>
      <ToggleButtonGroup
        exclusive
        fullWidth
        size="small"
        value={scope}
        aria-label={m.board.scope}
        onChange={(_, value: Scope | null) => value !== null && setScope(value)}
      >
        {scopes.map((name) => (
          <ToggleButton key={name} value={name} sx={{ textTransform: 'none', fontWeight: 600 }}>
            {LABELS[name]}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {scope === 'overall' && (
        <Typography variant="caption" color="textSecondary">
          {m.board.overallLead}
        </Typography>
      )}
      {scope === 'friends' && !account ? (
        <EmptyState text={m.board.signInFriends} />
      ) : (
        <BoardOf scope={scope} gameId={gameId} userId={account?.id} />
      )}
    </Stack>
  );
}
