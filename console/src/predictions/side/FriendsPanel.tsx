import type { FriendBet } from '@greenroom/client';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { money, time } from '../../app/format.ts';
import { EmptyState, FailureState, LoadingBlocks } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import type { Connection } from '../live/Connection.tsx';
import type { GameState } from '../live/gameState.ts';
import { answerName } from '../live/gameState.ts';

const REFRESH_MS = 20_000;

function FriendLine({ bet, state }: { bet: FriendBet; state: GameState }) {
  const pool = state.pools.get(bet.pool_id) ?? state.decided.find(({ pool_id }) => pool_id === bet.pool_id);
  return (
    <Box component="li" sx={{ py: 1, borderBottom: 1, borderColor: 'divider', '&:last-child': { borderBottom: 0 } }}>
      <Typography variant="body2">
        <Box component="span" sx={{ fontWeight: 700 }}>
          {bet.username}
        </Box>{' '}
        {m.you.friendPrediction(answerName(pool, bet.target_id) ?? bet.target_id, money(bet.amount))}
      </Typography>
      <Typography variant="caption" color="textSecondary">
        {[pool?.description, time(bet.placed_at)].filter(Boolean).join(' · ')}
      </Typography>
    </Box>
  );
}

interface FriendsPanelProps {
  state: GameState;
  gameId: string;
  connection: Connection | null;
}

/** What friends predicted in this game (op 461). */
export function FriendsPanel({ state, gameId, connection }: FriendsPanelProps) {
  const bets = useQuery({
    queryKey: ['friends-predictions', gameId],
    queryFn: async () => {
      const answer = await connection?.socket.request(461, { game_id: gameId });
      return [...(answer?.predictions.running ?? []), ...(answer?.predictions.resolved ?? [])];
    },
    enabled: connection !== null,
    refetchInterval: REFRESH_MS,
  });
  if (connection === null) return <EmptyState text={m.board.signInFriends} />;
  if (bets.isPending) return <LoadingBlocks count={3} height={40} />;
  if (bets.isError) return <FailureState error={bets.error} onRetry={() => void bets.refetch()} />;
  if (bets.data.length === 0) return <EmptyState text={m.you.noFriendsPredictions} />;
  return (
    <Box component="ul" aria-label={m.you.friendsPredictions} sx={{ listStyle: 'none', m: 0, p: 0 }}>
      {bets.data.map((bet) => (
        <FriendLine key={bet.bet_id} bet={bet} state={state} />
      ))}
    </Box>
  );
}
