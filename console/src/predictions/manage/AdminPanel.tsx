import type { GameDetails, Pool } from '@greenroom/client';
import TuneRounded from '@mui/icons-material/TuneRounded';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import Typography from '@mui/material/Typography';
import { useId, useState } from 'react';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { EventPad } from './EventPad.tsx';
import { GameControls } from './GameControls.tsx';
import { PoolForm } from './PoolForm.tsx';
import type { GameRoles } from './useGameRoles.ts';
import { useOperation } from './useOperation.ts';

interface AdminPanelProps {
  game: GameDetails;
  pools: ReadonlyMap<string, Pool>;
  roles: GameRoles;
}

type TabName = 'events' | 'pool' | 'game';

const LABELS = { events: m.manage.eventsTab, pool: m.manage.poolTab, game: m.manage.gameTab };

/** Op 616, for admins of the game's source. */
function BecomeAdmin({ game }: { game: GameDetails }) {
  const notify = useNotify();
  const become = useOperation(616, {
    onDone: (answer) => (answer.res === 640 ? notify(m.manage.becameAdmin, 'success') : notify(answer.reason, 'error')),
  });
  return (
    <Stack spacing={1.5} sx={{ alignItems: 'flex-start', mb: 2 }}>
      <Typography variant="body2">{m.manage.becomeAdminLead}</Typography>
      <Button variant="contained" loading={become.isPending} onClick={() => become.mutate({ game_id: game.game_id })}>
        {m.manage.becomeAdmin}
      </Button>
    </Stack>
  );
}

/** Controls for the people who run the game, on its page. */
export function AdminPanel({ game, pools, roles }: AdminPanelProps) {
  const id = useId();
  const [isShown, setIsShown] = useState(true);
  // A closing game takes no ordinary events and no new pools (GM8).
  const isClosing = game.status === 'game_in_progress_betting_closed';
  const names: TabName[] = roles.isGameAdmin && !isClosing ? ['events', 'pool', 'game'] : ['game'];
  const [chosen, setChosen] = useState<TabName>('events');
  const tab = names.includes(chosen) ? chosen : 'game';
  if (game.status === 'game_closed') return null;
  return (
    <Paper
      variant="outlined"
      component="section"
      aria-labelledby={`${id}-title`}
      sx={{ borderColor: 'secondary.main' }}
    >
      <Stack direction="row" spacing={1} sx={{ alignItems: 'center', px: 2, py: 1.25 }}>
        <TuneRounded color="secondary" fontSize="small" />
        <Typography variant="h3" component="h2" id={`${id}-title`} sx={{ flex: 1 }}>
          {m.manage.panel}
        </Typography>
        <Button size="small" color="secondary" aria-expanded={isShown} onClick={() => setIsShown(!isShown)}>
          {isShown ? m.manage.hide : m.manage.show}
        </Button>
      </Stack>
      {isShown && (
        <Box sx={{ borderTop: 1, borderColor: 'divider' }}>
          <Tabs
            value={tab}
            onChange={(_, value: TabName) => setChosen(value)}
            aria-label={m.manage.panel}
            textColor="secondary"
            indicatorColor="secondary"
            variant="scrollable"
            scrollButtons={false}
          >
            {names.map((name) => (
              <Tab
                key={name}
                value={name}
                id={`${id}-${name}`}
                aria-controls={`${id}-panel`}
                label={LABELS[name]}
                sx={{ px: 1.5, minWidth: 0 }}
              />
            ))}
          </Tabs>
          <Box role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} sx={{ p: 2 }}>
            {!roles.isGameAdmin && <BecomeAdmin game={game} />}
            {tab === 'events' && <EventPad game={game} />}
            {tab === 'pool' && <PoolForm game={game} />}
            {tab === 'game' && <GameControls game={game} pools={pools} roles={roles} />}
          </Box>
        </Box>
      )}
    </Paper>
  );
}
