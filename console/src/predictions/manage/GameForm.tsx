import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import FormControlLabel from '@mui/material/FormControlLabel';
import Radio from '@mui/material/Radio';
import RadioGroup from '@mui/material/RadioGroup';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { failureText } from '../../app/failure.ts';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { linesOf, localTime, type TreeNode, targetTree } from './lines.ts';
import { useOperation } from './useOperation.ts';

const START = {
  name: '',
  type: 'football',
  how: 'now' as 'now' | 'later',
  liveStart: '',
  closeAt: '',
  actions: 'Goal\nCorner kick\nYellow card\nRed card',
  targets: '',
};

type Draft = typeof START;

function Tree({ nodes }: { nodes: TreeNode[] }) {
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
      {nodes.map((node) => (
        <li key={node.name}>
          {node.name}
          {node.children.length > 0 && <Tree nodes={node.children} />}
        </li>
      ))}
    </Box>
  );
}

interface FieldsProps {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
}

function BasicFields({ draft, onChange }: FieldsProps) {
  return (
    <>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={2}>
        <TextField
          label={m.manage.gameName}
          value={draft.name}
          required
          helperText={m.manage.gameNameHelp}
          onChange={(event) => onChange({ name: event.target.value })}
        />
        <TextField
          label={m.manage.gameType}
          value={draft.type}
          required
          helperText={m.manage.gameTypeHelp}
          onChange={(event) => onChange({ type: event.target.value })}
        />
      </Stack>
      <RadioGroup
        row
        aria-label={m.manage.when}
        value={draft.how}
        onChange={(_, value) => onChange({ how: value === 'now' ? 'now' : 'later' })}
      >
        <FormControlLabel value="now" control={<Radio />} label={m.manage.openNow} />
        <FormControlLabel value="later" control={<Radio />} label={m.manage.announce} />
      </RadioGroup>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={2}>
        {(
          [
            ['liveStart', m.manage.liveStart],
            ['closeAt', m.manage.closeAt],
          ] as const
        ).map(([name, label]) => (
          <TextField
            key={name}
            type="datetime-local"
            label={`${label} (${m.common.optional})`}
            value={draft[name]}
            onChange={(event) => onChange({ [name]: event.target.value })}
            slotProps={{ inputLabel: { shrink: true } }}
          />
        ))}
      </Stack>
    </>
  );
}

function ListFields({ draft, onChange }: FieldsProps) {
  const targets = linesOf(draft.targets);
  return (
    <>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={2}>
        <TextField
          multiline
          minRows={4}
          label={m.manage.actions}
          value={draft.actions}
          helperText={m.manage.actionsHelp}
          onChange={(event) => onChange({ actions: event.target.value })}
        />
        <TextField
          multiline
          minRows={4}
          label={m.manage.targets}
          value={draft.targets}
          helperText={m.manage.targetsHelp}
          onChange={(event) => onChange({ targets: event.target.value })}
        />
      </Stack>
      {targets.length > 0 && (
        <Box>
          <Typography variant="body2" sx={{ fontWeight: 650 }}>
            {m.manage.preview}
          </Typography>
          <Tree nodes={targetTree(targets)} />
        </Box>
      )}
    </>
  );
}

/** Creates a game: opens it at once (op 370), or only announces it (op 3701). */
export function GameForm({ sourceId, onDone }: { sourceId: string; onDone: () => void }) {
  const notify = useNotify();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(START);
  const created = (answer: { game_name: string }) => {
    notify(m.manage.created(answer.game_name), 'success');
    void queries.invalidateQueries({ queryKey: ['games'] });
    onDone();
  };
  const open = useOperation(370, {
    isQuiet: true,
    onDone: (answer) => {
      created(answer);
      navigate(`/predictions/games/${answer.game_id}`);
    },
  });
  const announce = useOperation(3701, { isQuiet: true, onDone: created });
  const error = open.error ?? announce.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const params = {
      source_id: sourceId,
      game_name: draft.name.trim(),
      type: draft.type.trim(),
      actions: linesOf(draft.actions),
      targets: linesOf(draft.targets),
      live_start_at: localTime(draft.liveStart),
      close_at: localTime(draft.closeAt),
    };
    if (draft.how === 'now') open.mutate(params);
    else announce.mutate(params);
  };
  const change = (changed: Partial<Draft>) => setDraft((known) => ({ ...known, ...changed }));
  return (
    <Stack component="form" noValidate spacing={2} onSubmit={submit} aria-label={m.manage.newGame}>
      {error && <Alert severity="error">{failureText(error)}</Alert>}
      <BasicFields draft={draft} onChange={change} />
      <ListFields draft={draft} onChange={change} />
      <Stack direction="row" spacing={1}>
        <Button
          type="submit"
          variant="contained"
          loading={open.isPending || announce.isPending}
          disabled={draft.name.trim() === '' || draft.type.trim() === ''}
        >
          {m.manage.create}
        </Button>
        <Button onClick={onDone}>{m.common.cancel}</Button>
      </Stack>
    </Stack>
  );
}
