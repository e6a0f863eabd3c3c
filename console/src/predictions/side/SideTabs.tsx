import type { GameDetails } from '@greenroom/client';
import Box from '@mui/material/Box';
import Paper from '@mui/material/Paper';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import { useId, useState } from 'react';
import { messages as m } from '../../messages.ts';
import { useConnection } from '../live/Connection.tsx';
import type { GameState } from '../live/gameState.ts';
import { BoardPanel } from './BoardPanel.tsx';
import { ChatPanel } from './ChatPanel.tsx';
import { FeedPanel } from './FeedPanel.tsx';
import { FriendsPanel } from './FriendsPanel.tsx';

const LABELS = { feed: m.game.feedTab, chat: m.game.chatTab, board: m.game.boardTab, friends: m.game.friendsTab };
const NAMES = ['feed', 'chat', 'board', 'friends'] as const;

/** Beside the questions: events, chat, leaderboards, friends. */
export function SideTabs({ state, game }: { state: GameState; game: GameDetails }) {
  const id = useId();
  const connection = useConnection();
  const [tab, setTab] = useState<(typeof NAMES)[number]>('feed');
  return (
    <Paper variant="outlined" component="section" aria-label={m.game.details}>
      <Tabs
        value={tab}
        onChange={(_, value) => setTab(value)}
        variant="scrollable"
        scrollButtons={false}
        aria-label={m.game.details}
        sx={{ borderBottom: 1, borderColor: 'divider', px: 0.5 }}
      >
        {NAMES.map((name) => (
          <Tab
            key={name}
            value={name}
            id={`${id}-${name}`}
            aria-controls={`${id}-panel`}
            label={LABELS[name]}
            sx={{ px: 1.25, minWidth: 0 }}
          />
        ))}
      </Tabs>
      <Box role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${tab}`} sx={{ p: 2 }}>
        {tab === 'feed' && <FeedPanel state={state} game={game} />}
        {tab === 'chat' && <ChatPanel state={state} gameId={game.game_id} connection={connection} />}
        {tab === 'board' && <BoardPanel gameId={game.game_id} />}
        {tab === 'friends' && <FriendsPanel state={state} gameId={game.game_id} connection={connection} />}
      </Box>
    </Paper>
  );
}
