import type { Account, Statistics } from '@greenroom/client';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import List from '@mui/material/List';
import ListItem from '@mui/material/ListItem';
import ListItemText from '@mui/material/ListItemText';
import Paper from '@mui/material/Paper';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId } from 'react';
import { Link as RouterLink } from 'react-router';
import { useApi } from '../../app/api.tsx';
import { dateTime, decimal, signedMoney } from '../../app/format.ts';
import { Page } from '../../app/Page.tsx';
import { RequireAccount } from '../../app/RequireAccount.tsx';
import { EmptyState, FailureState, LoadingBlocks } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import { BalanceBar } from '../BalanceBar.tsx';
import { InviteCard } from './InviteCard.tsx';

function Card({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <Paper variant="outlined" component="section" aria-labelledby={id} sx={{ p: { xs: 2, sm: 3 }, minWidth: 0 }}>
      <Typography variant="h2" id={id} sx={{ mb: 1.5 }}>
        {title}
      </Typography>
      {children}
    </Paper>
  );
}

function StatisticsList({ statistics }: { statistics: Statistics }) {
  const figures = [
    [m.you.won, decimal(statistics.total_bets_won)],
    [m.you.lost, decimal(statistics.total_bets_lost)],
    [m.you.perGame, decimal(statistics.average_number_of_bets_per_game)],
    [m.you.netPerGame, signedMoney(statistics.average_points_won_per_game)],
    [m.you.reaction, m.you.reactionValue(decimal(statistics.average_reaction_time / 1000))],
  ] as const;
  return (
    <Box
      component="dl"
      sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fill, minmax(130px, 1fr))', m: 0 }}
    >
      {figures.map(([label, value]) => (
        <Box key={label}>
          <Typography component="dt" variant="caption" color="textSecondary">
            {label}
          </Typography>
          <Typography component="dd" sx={{ m: 0, fontSize: '1.5rem', fontWeight: 750, lineHeight: 1.3 }}>
            {value}
          </Typography>
        </Box>
      ))}
    </Box>
  );
}

function StatisticsCard({ account }: { account: Account }) {
  const api = useApi();
  const statistics = useQuery({
    queryKey: ['statistics', account.id],
    queryFn: ({ signal }) => api.predictions.statistics(account.id, signal),
  });
  return (
    <Card title={m.you.statistics}>
      {statistics.isPending && <LoadingBlocks count={1} height={72} />}
      {statistics.isError && <FailureState error={statistics.error} onRetry={() => void statistics.refetch()} />}
      {statistics.data && <StatisticsList statistics={statistics.data} />}
    </Card>
  );
}

function HistoryCard({ account }: { account: Account }) {
  const api = useApi();
  const history = useQuery({
    queryKey: ['history', account.id],
    queryFn: ({ signal }) => api.predictions.history(account.id, signal),
  });
  const findGame = (
    <Button component={RouterLink} to="/predictions" variant="outlined">
      {m.you.findGame}
    </Button>
  );
  return (
    <Card title={m.you.history}>
      {history.isPending && <LoadingBlocks count={3} height={44} />}
      {history.isError && <FailureState error={history.error} onRetry={() => void history.refetch()} />}
      {history.data?.length === 0 && <EmptyState text={m.you.emptyHistory} action={findGame} />}
      {history.data && history.data.length > 0 && (
        <List disablePadding>
          {history.data.map((game) => (
            <ListItem key={game.id} disableGutters divider sx={{ '&:last-child': { borderBottom: 0 } }}>
              <ListItemText
                primary={
                  <Link component={RouterLink} to={`/predictions/games/${game.id}`} sx={{ fontWeight: 650 }}>
                    {game.name}
                  </Link>
                }
                secondary={m.you.opened(dateTime(game.open_at))}
              />
            </ListItem>
          ))}
        </List>
      )}
    </Card>
  );
}

function FriendsCard({ account }: { account: Account }) {
  const api = useApi();
  const friends = useQuery({
    queryKey: ['friends', account.id],
    queryFn: ({ signal }) => api.predictions.friends(account.id, signal),
  });
  const names = Object.entries(friends.data ?? {});
  return (
    <Card title={m.you.friends}>
      {friends.isPending && <LoadingBlocks count={2} height={36} />}
      {friends.isError && <FailureState error={friends.error} onRetry={() => void friends.refetch()} />}
      {friends.data && names.length === 0 && <Typography color="textSecondary">{m.you.emptyFriends}</Typography>}
      {names.length > 0 && (
        <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
          {names.map(([id, username]) => (
            <li key={id}>{username}</li>
          ))}
        </Box>
      )}
    </Card>
  );
}

/** The account's own predictions page: balance, statistics, games, friends. */
export default function YouPage() {
  return (
    <RequireAccount title={m.you.title}>
      {(account) => (
        <Page title={m.you.title}>
          <BalanceBar />
          <Box sx={{ display: 'grid', gap: 3, gridTemplateColumns: { md: 'minmax(0, 3fr) minmax(0, 2fr)' } }}>
            <Box sx={{ display: 'grid', gap: 3, alignContent: 'start', minWidth: 0 }}>
              <StatisticsCard account={account} />
              <HistoryCard account={account} />
            </Box>
            <Box sx={{ display: 'grid', gap: 3, alignContent: 'start', minWidth: 0 }}>
              <InviteCard />
              <FriendsCard account={account} />
            </Box>
          </Box>
        </Page>
      )}
    </RequireAccount>
  );
}
