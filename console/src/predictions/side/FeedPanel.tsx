import type { GameDetails } from '@greenroom/client';
import BoltRounded from '@mui/icons-material/BoltRounded';
import TaskAltRounded from '@mui/icons-material/TaskAltRounded';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useEffect, useRef, useState } from 'react';
import { matchTime } from '../../app/format.ts';
import { EmptyState } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import type { FeedEvent, FeedResult, GameState } from '../live/gameState.ts';
import { actionName, answerLabel, NONE_TARGET, scoreAction, targetName } from '../live/targets.ts';

/** Actions of which "none" is an answer; of others, a kick-off for example, it only says that they are nobody's. */
function askedActions(state: GameState, game: GameDetails): Set<string> {
  const results = state.feed.filter((item) => item.kind === 'result');
  const rows = [...game.game_state, ...state.pools.values(), ...state.decided, ...results];
  return new Set([scoreAction(game) ?? '', ...rows.map((row) => row.action_id)]);
}

function itemText(item: FeedEvent | FeedResult, game: GameDetails, asked: ReadonlySet<string>): string {
  if (item.kind === 'result') return m.results.decided(item.description, item.answer ?? m.results.voided);
  const action = actionName(game.actions, item.action_id);
  const { target_id } = item;
  if (target_id === NONE_TARGET && !asked.has(item.action_id)) return action;
  return m.feed.event(action, answerLabel({ target_id, display_name: targetName(game.targets, target_id) }));
}

/** Reads out what is new since the panel was opened, once. */
function NewestItem({ id, words }: { id: string | undefined; words: string }) {
  const first = useRef(id);
  const [text, setText] = useState('');
  useEffect(() => {
    if (id !== first.current) setText(words);
  }, [id, words]);
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
  const newest = state.feed[0];
  const asked = askedActions(state, game);
  if (newest === undefined) return <EmptyState text={m.feed.empty} />;
  return (
    <Box sx={{ position: 'relative' }}>
      <NewestItem id={newest?.key} words={newest ? itemText(newest, game, asked) : ''} />
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
                {matchTime(item.at, game.live_start_at)}
              </Typography>
              <Icon fontSize="small" color={item.kind === 'event' ? 'secondary' : 'primary'} />
              <Typography variant="body2" sx={{ fontWeight: item.kind === 'event' ? 650 : 400, minWidth: 0 }}>
                {itemText(item, game, asked)}
              </Typography>
            </Box>
          );
        })}
      </Box>
    </Box>
  );
}
