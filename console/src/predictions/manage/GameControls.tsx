import type { GameDetails, Pool } from '@greenroom/client';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { CloseGameDialog } from './CloseGameDialog.tsx';
import { linesOf } from './lines.ts';
import type { GameRoles } from './useGameRoles.ts';
import { useOperation } from './useOperation.ts';

function Block({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  const id = useId();
  return (
    <Box component="section" aria-labelledby={id}>
      <Typography variant="h3" id={id}>
        {title}
      </Typography>
      <Typography variant="body2" color="textSecondary" sx={{ mb: 1.5 }}>
        {lead}
      </Typography>
      {children}
    </Box>
  );
}

/** Pauses or allows all pools of an action (ops 3975, 3985). */
function ActionBlocks({ game }: { game: GameDetails }) {
  const block = useOperation(3975);
  const allow = useOperation(3985);
  return (
    <Stack spacing={1}>
      {game.actions.map((action) => {
        const params = { game_id: game.game_id, action_id: action.action_id };
        return (
          <Stack
            key={action.action_id}
            direction="row"
            useFlexGap
            sx={{ flexWrap: 'wrap', gap: 1, alignItems: 'center' }}
          >
            <Typography sx={{ minWidth: 120, fontWeight: 600 }}>{action.name}</Typography>
            <Button
              size="small"
              variant="outlined"
              aria-label={m.manage.blockAction(action.name)}
              onClick={() => block.mutate(params)}
            >
              {m.manage.block}
            </Button>
            <Button
              size="small"
              variant="outlined"
              aria-label={m.manage.allowAction(action.name)}
              onClick={() => allow.mutate(params)}
            >
              {m.manage.allow}
            </Button>
          </Stack>
        );
      })}
    </Stack>
  );
}

/** Appoints a game admin by username (op 617). */
function AppointForm({ game }: { game: GameDetails }) {
  const notify = useNotify();
  const [username, setUsername] = useState('');
  const appoint = useOperation(617, {
    onDone: (answer) => {
      notify(m.manage.appointed(answer.username), 'success');
      setUsername('');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    appoint.mutate({ game_id: game.game_id, username: username.trim() });
  };
  return (
    <Stack component="form" direction="row" spacing={1} onSubmit={submit}>
      <TextField
        label={m.manage.appointName}
        value={username}
        autoComplete="off"
        onChange={(event) => setUsername(event.target.value)}
        sx={{ maxWidth: 280 }}
      />
      <Button type="submit" variant="outlined" loading={appoint.isPending} disabled={username.trim() === ''}>
        {m.manage.appointButton}
      </Button>
    </Stack>
  );
}

/** Adds actions and targets (op 373); nothing is ever removed (TG8). */
function ExtendForm({ game }: { game: GameDetails }) {
  const notify = useNotify();
  const [actions, setActions] = useState('');
  const [targets, setTargets] = useState('');
  const extend = useOperation(373, {
    onDone: () => {
      notify(m.manage.extended, 'success');
      setActions('');
      setTargets('');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    extend.mutate({ game_id: game.game_id, actions: linesOf(actions), targets: linesOf(targets) });
  };
  return (
    <Stack component="form" spacing={2} onSubmit={submit}>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={2}>
        <TextField
          multiline
          minRows={2}
          label={m.manage.actions}
          value={actions}
          helperText={m.manage.actionsHelp}
          onChange={(event) => setActions(event.target.value)}
        />
        <TextField
          multiline
          minRows={2}
          label={m.manage.targets}
          value={targets}
          helperText={m.manage.targetsHelp}
          onChange={(event) => setTargets(event.target.value)}
        />
      </Stack>
      <Button
        type="submit"
        variant="outlined"
        loading={extend.isPending}
        disabled={linesOf(actions).length + linesOf(targets).length === 0}
        sx={{ alignSelf: 'flex-start' }}
      >
        {m.manage.add}
      </Button>
    </Stack>
  );
}

interface GameControlsProps {
  game: GameDetails;
  pools: ReadonlyMap<string, Pool>;
  roles: GameRoles;
}

/** Admins, details, pausing, closing. */
export function GameControls({ game, pools, roles }: GameControlsProps) {
  const [isClosing, setIsClosing] = useState(false);
  return (
    <Stack spacing={3}>
      {roles.isGameAdmin && (
        <Block title={m.manage.blockAll} lead={m.manage.blockAllLead}>
          <ActionBlocks game={game} />
        </Block>
      )}
      <Block title={m.manage.extend} lead={m.manage.extendLead}>
        <ExtendForm game={game} />
      </Block>
      {roles.isSourceAdmin && (
        <Block title={m.manage.appoint} lead={m.manage.appointLead}>
          <AppointForm game={game} />
        </Block>
      )}
      <Block title={m.manage.closeGame} lead={m.manage.closeLead}>
        <Button color="error" variant="outlined" onClick={() => setIsClosing(true)}>
          {m.manage.closeGame}
        </Button>
      </Block>
      {isClosing && <CloseGameDialog game={game} pools={pools} onClose={() => setIsClosing(false)} />}
    </Stack>
  );
}
