import { type Action, type GameDetails, newId, type Target } from '@greenroom/client';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import MenuItem from '@mui/material/MenuItem';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import ToggleButton from '@mui/material/ToggleButton';
import ToggleButtonGroup from '@mui/material/ToggleButtonGroup';
import Typography from '@mui/material/Typography';
import { useState } from 'react';
import { useNotify } from '../../app/Notices.tsx';
import { EmptyState } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import { answerLabel, leafTargets, NONE_TARGET, scoreAction, targetName } from '../live/targets.ts';
import { useServerClock } from '../live/useServerNow.ts';
import { ConfirmDialog } from './ConfirmDialog.tsx';
import { useOperation } from './useOperation.ts';

const AGO_SECONDS = [0, 5, 10, 20, 30, 60, 120];
/** With more leaves than this, one action is chosen first and its targets are shown by team. */
const MATRIX_LEAVES = 6;

/** The group may take several lines: its buttons stand apart, each with its own frame. */
const SEPARATE_BUTTON = { m: 0, border: 1, borderColor: 'divider', borderRadius: 1 } as const;

interface Chosen {
  action: Action;
  target: Target;
}

interface TargetButtonsProps {
  game: GameDetails;
  action: Action;
  targets: readonly Target[];
  /** The team stands above the buttons, so each shows only its last name. */
  isShort?: boolean;
  onChoose: (chosen: Chosen) => void;
}

function TargetButtons({ game, action, targets, isShort = false, onChoose }: TargetButtonsProps) {
  return (
    <Stack direction="row" useFlexGap sx={{ flexWrap: 'wrap', gap: 1 }}>
      {targets.map((target) => {
        const name = answerLabel({ ...target, display_name: targetName(game.targets, target.target_id) });
        return (
          <Button
            key={target.target_id}
            variant="outlined"
            color={target.target_id === NONE_TARGET ? 'inherit' : 'primary'}
            aria-label={m.manage.enterEvent(action.name, name)}
            onClick={() => onChoose({ action, target })}
          >
            {isShort ? target.display_name : name}
          </Button>
        );
      })}
    </Stack>
  );
}

/** Few targets: every action with its targets, one click an event. */
function Matrix({ game, onChoose }: { game: GameDetails; onChoose: (chosen: Chosen) => void }) {
  const leaves = leafTargets(game.targets);
  return (
    <Stack spacing={1.5}>
      {game.actions.map((action) => (
        <Box
          key={action.action_id}
          sx={{ display: 'grid', gridTemplateColumns: { sm: '140px 1fr' }, gap: 1, alignItems: 'center' }}
        >
          <Typography sx={{ fontWeight: 650 }}>{action.name}</Typography>
          <TargetButtons game={game} action={action} targets={leaves} onChoose={onChoose} />
        </Box>
      ))}
    </Stack>
  );
}

/** Many targets: the action stays chosen, then one click an event. */
function ByAction({ game, onChoose }: { game: GameDetails; onChoose: (chosen: Chosen) => void }) {
  const [actionId, setActionId] = useState(() => scoreAction(game));
  const action = game.actions.find((entry) => entry.action_id === actionId);
  return (
    <Stack spacing={2}>
      <ToggleButtonGroup
        exclusive
        size="small"
        value={actionId}
        aria-label={m.manage.eventAction}
        onChange={(_, value: string | null) => value !== null && setActionId(value)}
        sx={{ flexWrap: 'wrap', gap: 0.75, '& .MuiToggleButton-root': SEPARATE_BUTTON }}
      >
        {game.actions.map((entry) => (
          <ToggleButton key={entry.action_id} value={entry.action_id} sx={{ textTransform: 'none' }}>
            {entry.name}
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      {action &&
        game.targets.map((team) => (
          <Box key={team.target_id}>
            {team.targets.length > 0 && (
              <Typography variant="body2" sx={{ fontWeight: 650, mb: 0.75 }}>
                {team.display_name}
              </Typography>
            )}
            <TargetButtons
              game={game}
              action={action}
              targets={leafTargets([team])}
              isShort={team.targets.length > 0}
              onChoose={onChoose}
            />
          </Box>
        ))}
    </Stack>
  );
}

/** Enters events (op 395) with one click each. */
export function EventPad({ game }: { game: GameDetails }) {
  const notify = useNotify();
  const serverClock = useServerClock();
  const [agoSeconds, setAgoSeconds] = useState(0);
  const [asked, setAsked] = useState<Chosen | null>(null);
  const register = useOperation(395, {
    onDone: (event) => {
      const action = game.actions.find(({ action_id }) => action_id === event.action_id)?.name ?? event.action_id;
      const text = m.manage.eventEntered(action, targetName(game.targets, event.target_id));
      notify(event.duplicate ? m.manage.eventKnown : text, event.duplicate ? 'info' : 'success');
      setAgoSeconds(0);
    },
  });
  const enter = ({ action, target }: Chosen) =>
    register.mutate({
      game_id: game.game_id,
      action_id: action.action_id,
      target_id: target.target_id,
      event_id: newId(),
      ...(agoSeconds > 0 ? { happened_at: Math.round(serverClock() - agoSeconds * 1000) } : {}),
    });
  const choose = (chosen: Chosen) => (chosen.target.target_id === NONE_TARGET ? setAsked(chosen) : enter(chosen));
  if (game.actions.length === 0) return <EmptyState text={m.manage.noActions} />;
  const isMatrix = leafTargets(game.targets).length <= MATRIX_LEAVES;
  return (
    <Stack spacing={2.5}>
      <TextField
        select
        label={m.manage.happened}
        value={agoSeconds}
        helperText={m.manage.happenedHelp}
        onChange={(event) => setAgoSeconds(Number(event.target.value))}
        sx={{ maxWidth: 360 }}
      >
        {AGO_SECONDS.map((seconds) => (
          <MenuItem key={seconds} value={seconds}>
            {seconds === 0 ? m.manage.justNow : m.manage.ago(seconds)}
          </MenuItem>
        ))}
      </TextField>
      {isMatrix ? <Matrix game={game} onChoose={choose} /> : <ByAction game={game} onChoose={choose} />}
      {asked && (
        <ConfirmDialog
          title={m.manage.noneAskTitle(asked.action.name)}
          text={m.manage.noneAsk}
          confirm={m.manage.enter}
          onConfirm={() => enter(asked)}
          onClose={() => setAsked(null)}
        />
      )}
    </Stack>
  );
}
