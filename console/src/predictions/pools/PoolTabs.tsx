import type { GameDetails, Pool } from '@greenroom/client';
import HourglassEmptyRounded from '@mui/icons-material/HourglassEmptyRounded';
import Box from '@mui/material/Box';
import Stack from '@mui/material/Stack';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import Typography from '@mui/material/Typography';
import { type ReactNode, useCallback, useId, useState } from 'react';
import { signedMoney } from '../../app/format.ts';
import { EmptyState } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import type { GameState } from '../live/gameState.ts';
import { useServerNow } from '../live/useServerNow.ts';
import { DecidedCard } from './DecidedCard.tsx';
import { netOf } from './outcome.ts';
import { PoolCard } from './PoolCard.tsx';

type TabName = 'open' | 'running' | 'closed';

const EMPTY = { open: m.pools.emptyOpen, running: m.pools.emptyRunning, closed: m.pools.emptyClosed };
const EMPTY_OVER = { open: m.pools.emptyOver, running: m.pools.emptyOver, closed: m.pools.emptyClosedOver };
const NO_BACKING = {};
const NO_IDS: ReadonlySet<string> = new Set();

interface PoolTabsProps {
  state: GameState;
  game: GameDetails;
  isGuest: boolean;
  adminTools?: (pool: Pool) => ReactNode;
}

/** Hot questions first, then the order of the server. */
function hotFirst(pools: Pool[]): Pool[] {
  return [...pools].sort((a, b) => Number(b.is_hot) - Number(a.is_hot));
}

/** Other questions need not be drawn every second. */
function hasClock(pool: Pool): boolean {
  return pool.stop_accepting_bets_at !== null || pool.finish_at !== null;
}

function DecidedList({ state, currency }: { state: GameState; currency: string }) {
  const net = state.decided.reduce((sum, pool) => sum + Math.round(netOf(pool) * 100), 0) / 100;
  return (
    <Stack spacing={1.5}>
      <Typography sx={{ fontWeight: 650 }}>
        {m.results.netInGame}: {signedMoney(net)} {currency}
      </Typography>
      {state.decided.map((pool) => (
        <DecidedCard key={pool.pool_id} pool={pool} currency={currency} />
      ))}
    </Stack>
  );
}

/** Questions of a game: open to predict, with own money in, and decided (6.2 of the contract). */
export function PoolTabs({ state, game, isGuest, adminTools }: PoolTabsProps) {
  const id = useId();
  const nowMs = useServerNow();
  const isOver = game.status === 'game_closed';
  const [chosen, setChosen] = useState<TabName>(isOver ? 'closed' : 'open');
  // A question just predicted stays where it is, with its confirmation, until another tab is chosen.
  const [touched, setTouched] = useState<ReadonlySet<string>>(NO_IDS);
  const isOpen = (pool: Pool) => !state.backing.has(pool.pool_id) || touched.has(pool.pool_id);
  const choose = (name: TabName) => {
    setTouched(NO_IDS);
    setChosen(name);
  };
  const pools = [...state.pools.values()];
  const lists = {
    open: hotFirst(pools.filter(isOpen)),
    running: pools.filter((pool) => state.backing.has(pool.pool_id)),
  };
  const counts = {
    open: pools.length - state.backing.size,
    running: lists.running.length,
    closed: state.decided.length,
  };
  const tabs: TabName[] = isGuest ? ['open'] : ['open', 'running', 'closed'];
  const tab = isGuest ? 'open' : chosen;
  const touch = useCallback((poolId: string) => setTouched((known) => new Set(known).add(poolId)), []);
  const isEmpty = tab === 'closed' ? counts.closed === 0 : lists[tab].length === 0;
  return (
    <Box component="section" aria-label={m.pools.title}>
      <Tabs
        value={tab}
        onChange={(_, value: TabName) => choose(value)}
        aria-label={m.pools.title}
        sx={{ mb: 2, borderBottom: 1, borderColor: 'divider' }}
      >
        {tabs.map((name) => (
          <Tab
            key={name}
            value={name}
            id={`${id}-${name}`}
            aria-controls={`${id}-panel`}
            label={m.pools.tab(m.pools[name], counts[name])}
          />
        ))}
      </Tabs>
      <Box role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`}>
        {isEmpty && (
          <EmptyState icon={<HourglassEmptyRounded fontSize="inherit" />} text={(isOver ? EMPTY_OVER : EMPTY)[tab]} />
        )}
        {tab === 'closed' && counts.closed > 0 && <DecidedList state={state} currency={game.currency} />}
        {tab !== 'closed' && (
          <Stack spacing={2}>
            {lists[tab].map((pool) => (
              <PoolCard
                key={pool.pool_id}
                pool={pool}
                backing={state.backing.get(pool.pool_id) ?? NO_BACKING}
                game={game}
                nowMs={hasClock(pool) ? nowMs : 0}
                onPlace={touch}
                adminTools={adminTools}
              />
            ))}
          </Stack>
        )}
      </Box>
    </Box>
  );
}
