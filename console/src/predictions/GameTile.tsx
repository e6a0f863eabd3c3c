import type { ListedGame } from '@greenroom/client';
import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import CardActionArea from '@mui/material/CardActionArea';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { Link as RouterLink } from 'react-router';
import { dateTime, duration } from '../app/format.ts';
import { LiveMark } from '../app/LiveMark.tsx';
import { messages as m } from '../messages.ts';

function whenText(game: ListedGame, nowMs: number): string {
  const start = game.live_start_at ?? game.scheduled_at;
  if (start === null) return '';
  return nowMs < start ? m.games.startsAt(dateTime(start)) : duration(nowMs - start);
}

/** A game in a list: who plays, how it stands. */
export function GameTile({ game, nowMs }: { game: ListedGame; nowMs: number }) {
  const sides = game.status.startsWith('game_in_progress') ? game.score : [];
  return (
    <Card sx={{ height: '100%' }}>
      <CardActionArea component={RouterLink} to={`/predictions/games/${game.game_id}`} sx={{ height: '100%', p: 2 }}>
        <Stack
          direction="row"
          useFlexGap
          sx={{ justifyContent: 'space-between', flexWrap: 'wrap', columnGap: 1, mb: 1 }}
        >
          <LiveMark status={game.status} />
          <Typography variant="body2" color="textSecondary">
            {whenText(game, nowMs)}
          </Typography>
        </Stack>
        <Typography variant="h3" component="h3">
          {game.name}
        </Typography>
        {sides.length > 0 && (
          <Box component="ul" sx={{ listStyle: 'none', m: 0, mt: 1, p: 0 }}>
            {sides.map((side) => (
              <Box component="li" key={side.target_id} sx={{ display: 'flex', justifyContent: 'space-between' }}>
                <span>{side.display_name}</span>
                <Box component="span" sx={{ fontWeight: 700 }}>
                  {side.count}
                </Box>
              </Box>
            ))}
          </Box>
        )}
        <Typography variant="caption" color="textSecondary" component="div" sx={{ mt: 1.25 }}>
          {[game.source_name, game.type_name].filter(Boolean).join(' · ')}
        </Typography>
      </CardActionArea>
    </Card>
  );
}
