import type { ListedGame, Source } from '@greenroom/client';
import SearchRounded from '@mui/icons-material/SearchRounded';
import SportsSoccerRounded from '@mui/icons-material/SportsSoccerRounded';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import InputAdornment from '@mui/material/InputAdornment';
import MenuItem from '@mui/material/MenuItem';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useId, useMemo, useState } from 'react';
import { Link as RouterLink } from 'react-router';
import { Page } from '../app/Page.tsx';
import { EmptyState, FailureState, LoadingBlocks } from '../app/States.tsx';
import { messages as m } from '../messages.ts';
import { BalanceBar } from './BalanceBar.tsx';
import { GameTile } from './GameTile.tsx';
import { useConnection } from './live/Connection.tsx';
import { useServerNow } from './live/useServerNow.ts';
import { useGamesList } from './useGamesList.ts';

const ALL_SOURCES = '';

interface Filter {
  text: string;
  sourceId: string;
}

/** Whether the game is being played, or finishing. */
function isRunning(game: ListedGame): boolean {
  return game.status === 'game_in_progress_betting_active' || game.status === 'game_in_progress_betting_closed';
}

function matches(game: ListedGame, filter: Filter): boolean {
  const words = `${game.name} ${game.source_name} ${game.type_name}`.toLowerCase();
  const isFound = filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
  return isFound && (filter.sourceId === ALL_SOURCES || game.source_id === filter.sourceId);
}

function FilterBar({
  filter,
  sources,
  onChange,
}: {
  filter: Filter;
  sources: Source[];
  onChange: (f: Filter) => void;
}) {
  return (
    <Stack direction={{ xs: 'column', sm: 'row' }} spacing={2} role="search" sx={{ mb: 3 }}>
      <TextField
        type="search"
        label={m.games.search}
        value={filter.text}
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
        slotProps={{
          input: {
            startAdornment: (
              <InputAdornment position="start">
                <SearchRounded fontSize="small" />
              </InputAdornment>
            ),
          },
        }}
      />
      <TextField
        select
        label={m.games.source}
        value={filter.sourceId}
        onChange={(event) => onChange({ ...filter, sourceId: event.target.value })}
        sx={{ maxWidth: { sm: 280 } }}
        slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
      >
        <MenuItem value={ALL_SOURCES}>{m.games.allSources}</MenuItem>
        {sources.map((source) => (
          <MenuItem key={source.id} value={source.id}>
            {source.name}
          </MenuItem>
        ))}
      </TextField>
    </Stack>
  );
}

function GameGrid({ title, games, empty }: { title: string; games: ListedGame[]; empty: string }) {
  const id = useId();
  const nowMs = useServerNow();
  return (
    <Box component="section" aria-labelledby={id} sx={{ mb: 4 }}>
      <Typography variant="h2" id={id} sx={{ mb: 1.5 }}>
        {title}
      </Typography>
      {games.length === 0 ? (
        <EmptyState icon={<SportsSoccerRounded fontSize="inherit" />} text={empty} />
      ) : (
        <Box
          component="ul"
          sx={{
            display: 'grid',
            gap: 2,
            gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 340px), 1fr))',
            listStyle: 'none',
            m: 0,
            p: 0,
          }}
        >
          {games.map((game) => (
            <li key={game.game_id}>
              <GameTile game={game} nowMs={nowMs} />
            </li>
          ))}
        </Box>
      )}
    </Box>
  );
}

function PageActions() {
  const connection = useConnection();
  const roles = connection?.key?.roles;
  const mayManage = roles && (roles.developer || roles.sources.length > 0 || roles.games.length > 0);
  return (
    <>
      <Button component={RouterLink} to="/predictions/leaderboard" variant="outlined">
        {m.games.leaderboard}
      </Button>
      {connection && (
        <Button component={RouterLink} to="/predictions/me" variant="outlined">
          {m.games.myPredictions}
        </Button>
      )}
      {mayManage && (
        <Button component={RouterLink} to="/predictions/manage" variant="contained">
          {m.games.manage}
        </Button>
      )}
    </>
  );
}

export default function GamesPage() {
  const list = useGamesList();
  const [filter, setFilter] = useState<Filter>({ text: '', sourceId: ALL_SOURCES });
  const found = useMemo(() => (list.data?.games ?? []).filter((game) => matches(game, filter)), [list.data, filter]);
  const live = found.filter(isRunning);
  const upcoming = found.filter((game) => !isRunning(game));
  const isFiltered = filter.text.trim() !== '' || filter.sourceId !== ALL_SOURCES;
  const clear = <Button onClick={() => setFilter({ text: '', sourceId: ALL_SOURCES })}>{m.games.clearSearch}</Button>;
  return (
    <Page title={m.games.title} lead={m.games.lead} actions={<PageActions />}>
      <BalanceBar />
      {list.data && <FilterBar filter={filter} sources={list.data.sources} onChange={setFilter} />}
      <Typography role="status" variant="body2" color="textSecondary" sx={{ mb: isFiltered ? 2 : 0 }}>
        {isFiltered ? m.games.resultsFound(found.length) : ''}
      </Typography>
      {list.isPending && <LoadingBlocks count={3} height={120} />}
      {list.isError && <FailureState error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && isFiltered && found.length === 0 && <EmptyState text={m.games.emptySearch} action={clear} />}
      {list.data && (!isFiltered || live.length > 0) && (
        <GameGrid title={m.games.live} games={live} empty={m.games.emptyLive} />
      )}
      {list.data && (!isFiltered || upcoming.length > 0) && (
        <GameGrid title={m.games.upcoming} games={upcoming} empty={m.games.emptyUpcoming} />
      )}
    </Page>
  );
}
