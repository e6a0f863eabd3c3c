import type { GameDetails, OperationParams, PoolType } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import MenuItem from '@mui/material/MenuItem';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import { type FormEvent, useState } from 'react';
import { failureText } from '../../app/failure.ts';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { useServerClock } from '../live/useServerNow.ts';
import { AnswersField } from './AnswersField.tsx';
import { useOperation } from './useOperation.ts';

const TYPES: PoolType[] = [1, 2, 3, 4];
const MINUTE_MS = 60_000;

interface Draft {
  type: PoolType;
  description: string;
  actionId: string;
  targets: string[];
  positive: string;
  negative: string;
  minutes: string;
  entryMinutes: string;
  isRecreated: boolean;
  isBlocked: boolean;
  isHot: boolean;
}

function emptyDraft(game: GameDetails): Draft {
  return {
    type: 1,
    description: '',
    actionId: game.actions[0]?.action_id ?? '',
    targets: [],
    positive: '',
    negative: '',
    minutes: '5',
    entryMinutes: '',
    isRecreated: false,
    isBlocked: false,
    isHot: false,
  };
}

function isTimed(type: PoolType): boolean {
  return type === 2 || type === 4;
}

function isBinary(type: PoolType): boolean {
  return type === 3 || type === 4;
}

function inMinutes(minutes: string, nowMs: number): number | null {
  const number = Number(minutes.replace(',', '.'));
  return minutes.trim() !== '' && number > 0 ? Math.round(nowMs + number * MINUTE_MS) : null;
}

/** Parameters of op 385 for a draft. */
function toParams(game: GameDetails, draft: Draft, nowMs: number): OperationParams[385] {
  const labels = [draft.positive.trim(), draft.negative.trim()];
  const binary = labels.every((label) => label !== '') ? { targets: labels } : {};
  return {
    game_id: game.game_id,
    description: draft.description.trim(),
    type: draft.type,
    ...(isBinary(draft.type) ? binary : { action_id: draft.actionId, targets: draft.targets }),
    finish_at: isTimed(draft.type) ? inMinutes(draft.minutes, nowMs) : null,
    stop_accepting_bets_at: inMinutes(draft.entryMinutes, nowMs),
    recreate_on_end: draft.isRecreated,
    is_blocked: draft.isBlocked,
    is_hot: draft.isHot,
  };
}

interface FieldsProps {
  game: GameDetails;
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
}

function QuestionFields({ game, draft, onChange }: FieldsProps) {
  return (
    <>
      <TextField
        select
        label={m.manage.poolType}
        value={draft.type}
        helperText={m.manage.poolTypeHelp[draft.type]}
        onChange={(event) => onChange({ type: Number(event.target.value) as PoolType })}
      >
        {TYPES.map((type) => (
          <MenuItem key={type} value={type}>
            {m.pools.type[type]}
          </MenuItem>
        ))}
      </TextField>
      <TextField
        label={m.manage.question}
        value={draft.description}
        required
        helperText={m.manage.questionHelp}
        onChange={(event) => onChange({ description: event.target.value })}
      />
      {isBinary(draft.type) ? (
        <Stack direction={{ xs: 'column', sm: 'row' }} spacing={2}>
          <TextField
            label={`${m.manage.positive} (${m.common.optional})`}
            value={draft.positive}
            onChange={(event) => onChange({ positive: event.target.value })}
          />
          <TextField
            label={`${m.manage.negative} (${m.common.optional})`}
            value={draft.negative}
            onChange={(event) => onChange({ negative: event.target.value })}
          />
        </Stack>
      ) : (
        <>
          <TextField
            select
            label={m.manage.action}
            value={draft.actionId}
            onChange={(event) => onChange({ actionId: event.target.value })}
          >
            {game.actions.map((action) => (
              <MenuItem key={action.action_id} value={action.action_id}>
                {action.name}
              </MenuItem>
            ))}
          </TextField>
          <AnswersField game={game} chosen={draft.targets} onChange={(targets) => onChange({ targets })} />
        </>
      )}
    </>
  );
}

function TimeFields({ draft, onChange }: Omit<FieldsProps, 'game'>) {
  const numeric = { htmlInput: { inputMode: 'decimal' as const } };
  return (
    <>
      <Stack direction={{ xs: 'column', sm: 'row' }} spacing={2}>
        {isTimed(draft.type) && (
          <TextField
            label={m.manage.duration}
            value={draft.minutes}
            required
            slotProps={numeric}
            onChange={(event) => onChange({ minutes: event.target.value })}
          />
        )}
        <TextField
          label={`${m.manage.entriesEnd} (${m.common.optional})`}
          value={draft.entryMinutes}
          slotProps={numeric}
          onChange={(event) => onChange({ entryMinutes: event.target.value })}
        />
      </Stack>
      <Stack direction={{ xs: 'column', sm: 'row' }} useFlexGap sx={{ flexWrap: 'wrap', columnGap: 1 }}>
        {(
          [
            ['isRecreated', m.manage.recreate],
            ['isBlocked', m.manage.startBlocked],
            ['isHot', m.manage.startHot],
          ] as const
        ).map(([name, label]) => (
          <FormControlLabel
            key={name}
            control={<Checkbox checked={draft[name]} onChange={(_, isChecked) => onChange({ [name]: isChecked })} />}
            label={label}
          />
        ))}
      </Stack>
    </>
  );
}

/** Opens a question (op 385) of any of the four kinds. */
export function PoolForm({ game }: { game: GameDetails }) {
  const notify = useNotify();
  const serverClock = useServerClock();
  const [draft, setDraft] = useState(() => emptyDraft(game));
  const open = useOperation(385, {
    isQuiet: true,
    onDone: ({ description }) => {
      notify(m.manage.poolOpened(description), 'success');
      setDraft({ ...draft, description: '' });
    },
  });
  const change = (changed: Partial<Draft>) => setDraft((known) => ({ ...known, ...changed }));
  const hasAnswers = isBinary(draft.type) || (draft.actionId !== '' && draft.targets.length > 0);
  const hasTime = !isTimed(draft.type) || inMinutes(draft.minutes, serverClock()) !== null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    open.mutate(toParams(game, draft, serverClock()));
  };
  return (
    <Stack component="form" noValidate spacing={2} onSubmit={submit} aria-label={m.manage.poolTab}>
      {open.error && <Alert severity="error">{failureText(open.error)}</Alert>}
      <QuestionFields game={game} draft={draft} onChange={change} />
      <TimeFields draft={draft} onChange={change} />
      <Button
        type="submit"
        variant="contained"
        loading={open.isPending}
        disabled={draft.description.trim() === '' || !hasAnswers || !hasTime}
        sx={{ alignSelf: 'flex-start' }}
      >
        {m.manage.openPool}
      </Button>
    </Stack>
  );
}
