import { type AnyMessage, OpcodeError } from '@greenroom/client';
import AddRounded from '@mui/icons-material/AddRounded';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import List from '@mui/material/List';
import ListItem from '@mui/material/ListItem';
import ListItemText from '@mui/material/ListItemText';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useId, useState } from 'react';
import { Link as RouterLink } from 'react-router';
import { failureText } from '../../app/failure.ts';
import { dateTime } from '../../app/format.ts';
import { LiveMark } from '../../app/LiveMark.tsx';
import { useNotify } from '../../app/Notices.tsx';
import { EmptyState, FailureState, LoadingBlocks } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import type { Connection } from '../live/Connection.tsx';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { GameForm } from './GameForm.tsx';
import { useOperation } from './useOperation.ts';

export interface ManagedSource {
  id: string;
  name: string;
  description: string | null;
}

interface ListedLine {
  id: string;
  name: string;
  status: string;
  startAt: number | null;
  isOpened: boolean;
}

const LIST_CHANGES = new Set<AnyMessage['res']>([340, 341, 342, 3401, 3402]);

/** Opened and announced games of a source (ops 380, 3811), kept fresh by what the source broadcasts. */
function useSourceGames(connection: Connection, sourceId: string) {
  const queries = useQueryClient();
  const { socket } = connection;
  const queryKey = ['source-games', sourceId];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is made of the source id
  useEffect(
    () =>
      socket.on('message', (message) => {
        if (LIST_CHANGES.has(message.res)) void queries.invalidateQueries({ queryKey });
      }),
    [socket, queries, sourceId],
  );
  return useQuery({
    queryKey,
    queryFn: async (): Promise<ListedLine[]> => {
      const [opened, announced] = await Promise.all([
        socket.request(380, { source_id: sourceId }),
        socket.request(3811, { source_id: sourceId }),
      ]);
      const lines = opened.games.map((game) => ({
        id: game.game_id,
        name: game.name,
        status: game.status,
        startAt: game.scheduled_at,
        isOpened: true,
      }));
      const waiting = announced.games.map((game) => ({
        id: game.id,
        name: game.game_name,
        status: 'betting_not_yet_active',
        startAt: game.live_start_at,
        isOpened: false,
      }));
      return [...lines, ...waiting];
    },
  });
}

function GameLine({ game }: { game: ListedLine }) {
  const notify = useNotify();
  const open = useOperation(3702, { onDone: () => notify(m.manage.gameOpened(game.name), 'success') });
  return (
    <ListItem disableGutters divider sx={{ gap: 1, flexWrap: 'wrap', '&:last-child': { borderBottom: 0 } }}>
      <ListItemText
        primary={
          <Link component={RouterLink} to={`/predictions/games/${game.id}`} sx={{ fontWeight: 650 }}>
            {game.name}
          </Link>
        }
        secondary={game.startAt === null ? undefined : dateTime(game.startAt)}
      />
      <LiveMark status={game.status} text={game.isOpened ? undefined : m.manage.notOpened} />
      {!game.isOpened && (
        <Button
          size="small"
          variant="outlined"
          loading={open.isPending}
          aria-label={m.manage.openGameNamed(game.name)}
          onClick={() => open.mutate({ game_id: game.id })}
        >
          {m.manage.openGame}
        </Button>
      )}
    </ListItem>
  );
}

function CloseSource({ source, onClosed }: { source: ManagedSource; onClosed: () => void }) {
  const notify = useNotify();
  const [isAsking, setIsAsking] = useState(false);
  const [isLeft, setIsLeft] = useState(false);
  const close = useOperation(366, {
    isQuiet: true,
    onDone: () => {
      notify(m.manage.sourceClosed, 'success');
      onClosed();
    },
  });
  const send = (force: boolean) =>
    close.mutate(
      { source_id: source.id, force },
      {
        onError: (error) => {
          // GM13: questions to be decided by hand are left; the second time they may be called off.
          if (error instanceof OpcodeError && error.error === 'unresolved_pools') setIsLeft(true);
          else notify(failureText(error), 'error');
        },
      },
    );
  return (
    <>
      <Button color="error" loading={close.isPending} onClick={() => setIsAsking(true)}>
        {m.manage.closeSource}
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={m.manage.closeSource}
          text={m.manage.closeSourceAsk}
          confirm={m.manage.closeSource}
          onConfirm={() => send(false)}
          onClose={() => setIsAsking(false)}
        />
      )}
      {isLeft && (
        <ConfirmDialog
          title={m.manage.closeSource}
          text={m.manage.closeLead}
          confirm={m.manage.force}
          onConfirm={() => send(true)}
          onClose={() => setIsLeft(false)}
        />
      )}
    </>
  );
}

interface SourceCardProps {
  source: ManagedSource;
  connection: Connection;
  onClosed: () => void;
}

/** One source with its games, and the form for a new game. */
export function SourceCard({ source, connection, onClosed }: SourceCardProps) {
  const id = useId();
  const [isCreating, setIsCreating] = useState(false);
  const games = useSourceGames(connection, source.id);
  return (
    <Paper variant="outlined" component="section" aria-labelledby={id} sx={{ p: { xs: 2, sm: 3 } }}>
      <Stack direction="row" useFlexGap sx={{ flexWrap: 'wrap', gap: 1, alignItems: 'flex-start' }}>
        <Box sx={{ flex: 1, minWidth: 200 }}>
          <Typography variant="h3" id={id}>
            {source.name}
          </Typography>
          {source.description && (
            <Typography variant="body2" color="textSecondary">
              {source.description}
            </Typography>
          )}
        </Box>
        <Button
          variant="contained"
          startIcon={<AddRounded />}
          aria-label={m.manage.newGameOf(source.name)}
          aria-expanded={isCreating}
          onClick={() => setIsCreating(!isCreating)}
        >
          {m.manage.newGame}
        </Button>
        <CloseSource source={source} onClosed={onClosed} />
      </Stack>
      {isCreating && (
        <Box sx={{ mt: 2, pt: 2.5, borderTop: 1, borderColor: 'divider' }}>
          <GameForm sourceId={source.id} onDone={() => setIsCreating(false)} />
        </Box>
      )}
      <Box sx={{ mt: 2 }}>
        {games.isPending && <LoadingBlocks count={2} height={44} />}
        {games.isError && <FailureState error={games.error} onRetry={() => void games.refetch()} />}
        {games.data?.length === 0 && <EmptyState text={m.manage.noGamesOf} />}
        {games.data && games.data.length > 0 && (
          <List disablePadding aria-label={m.manage.gamesOf(source.name)}>
            {games.data.map((game) => (
              <GameLine key={game.id} game={game} />
            ))}
          </List>
        )}
      </Box>
    </Paper>
  );
}
