import type { GameDetails } from '@greenroom/client';
import BoltRounded from '@mui/icons-material/BoltRounded';
import TaskAltRounded from '@mui/icons-material/TaskAltRounded';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useEffect, useRef, useState } from 'react';
import { matchMinute } from '../../app/format.ts';
import { EmptyState } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import type { FeedEvent, FeedResult, GameState } from '../live/gameState.ts';
import { actionName, targetName } from '../live/targets.ts';

function itemText(item: FeedEvent | FeedResult, game: GameDetails): string {
  return item.kind === 'event'
    ? m.feed.event(actionName(game.actions, item.action_id), targetName(game.targets, item.target_id))
    : m.results.decided(item.description, item.answer ?? m.results.voided);
}

/** Reads out what is new since the panel was opened, once. */
function NewestItem({ item, game }: { item: FeedEvent | FeedResult | undefined; game: GameDetails }) {
  const first = useRef(item?.key);
  const [text, setText] = useState('');
  useEffect(() => {
    if (item !== undefined && item.key !== first.current) setText(itemText(item, game));
  }, [item, game]);
  return (
    <Box
      role="status"
      sx={{ position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' }}
    >
      {text}
    </Box>
  );
}

/** What happened in the game, newest first. */
export function FeedPanel({ state, game }: { state: GameState; game: GameDetails }) {
  if (state.feed.length === 0) return <EmptyState text={m.feed.empty} />;
  return (
    <Box sx={{ position: 'relative' }}>
      <NewestItem item={state.feed[0]} game={game} />
      <Box component="ol" aria-label={m.feed.title} sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {state.feed.map((item) => {
          const Icon = item.kind === 'event' ? BoltRounded : TaskAltRounded;
          return (
            <Box
              component="li"
              key={item.key}
              sx={{
                display: 'grid',
                gridTemplateColumns: '52px 20px 1fr',
                gap: 1,
                alignItems: 'start',
                py: 1,
                borderBottom: 1,
                borderColor: 'divider',
                '&:last-child': { borderBottom: 0 },
              }}
            >
              <Typography variant="body2" color="textSecondary" sx={{ fontWeight: 650 }}>
                {matchMinute(item.at, game.live_start_at)}
              </Typography>
              <Icon fontSize="small" color={item.kind === 'event' ? 'secondary' : 'primary'} />
              <Typography variant="body2" sx={{ fontWeight: item.kind === 'event' ? 650 : 400, minWidth: 0 }}>
                {itemText(item, game)}
              </Typography>
            </Box>
          );
        })}
      </Box>
    </Box>
  );
}
