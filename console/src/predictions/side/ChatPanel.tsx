import { OpcodeError } from '@greenroom/client';
import SendRounded from '@mui/icons-material/SendRounded';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { failureText } from '../../app/failure.ts';
import { time } from '../../app/format.ts';
import { EmptyState } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import type { Connection } from '../live/Connection.tsx';
import type { ChatLine, GameState, PresenceLine } from '../live/gameState.ts';

const TEXT_MAX_CHARS = 500;
const LIST_HEIGHT_PX = 340;
/** Nearer to the end than this, the list follows new messages. */
const FOLLOW_PX = 80;

function Line({ line }: { line: ChatLine | PresenceLine }) {
  if (line.kind !== 'text') {
    return (
      <Typography variant="caption" color="textSecondary" component="li">
        {line.kind === 'joined' ? m.chat.joined(line.name) : m.chat.left(line.name)}
      </Typography>
    );
  }
  return (
    <Box component="li">
      <Typography variant="caption" component="div" color="textSecondary">
        <Box component="span" sx={{ fontWeight: 700, color: 'text.primary' }}>
          {line.sender}
        </Box>{' '}
        {time(line.received_at)}
      </Typography>
      <Typography variant="body2" sx={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {line.text}
      </Typography>
    </Box>
  );
}

function Lines({ lines }: { lines: GameState['chat'] }) {
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list moves when lines come
  useEffect(() => {
    const box = list.current;
    if (box && box.scrollHeight - box.scrollTop - box.clientHeight < FOLLOW_PX + box.clientHeight / 2) {
      box.scrollTop = box.scrollHeight;
    }
  }, [lines]);
  if (lines.length === 0) return <EmptyState text={m.chat.empty} />;
  return (
    <Box
      ref={list}
      role="log"
      aria-label={m.chat.title}
      tabIndex={0}
      sx={{ maxHeight: LIST_HEIGHT_PX, overflowY: 'auto', pr: 1 }}
    >
      <Stack component="ul" spacing={1} sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {lines.map((line) => (
          <Line key={line.key} line={line} />
        ))}
      </Stack>
    </Box>
  );
}

interface ChatPanelProps {
  state: GameState;
  gameId: string;
  connection: Connection | null;
}

/** Messages of the game's room (ops 900, 901). */
export function ChatPanel({ state, gameId, connection }: ChatPanelProps) {
  const [text, setText] = useState('');
  const [failure, setFailure] = useState('');
  if (connection === null) return <EmptyState text={m.chat.signIn} />;
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const trimmed = text.trim();
    if (trimmed === '') return;
    setText('');
    setFailure('');
    try {
      await connection.socket.request(900, { text: trimmed, targets: [gameId] });
    } catch (error) {
      const isTooFast = error instanceof OpcodeError && error.error === 'rate_limited';
      setFailure(isTooFast ? m.chat.tooFast : failureText(error));
      setText((typed) => (typed === '' ? trimmed : typed));
    }
  };
  return (
    <Stack spacing={2}>
      <Lines lines={state.chat} />
      {failure && <Alert severity="error">{failure}</Alert>}
      <Stack component="form" direction="row" spacing={1} onSubmit={(event) => void send(event)}>
        <TextField
          label={m.chat.write}
          value={text}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          slotProps={{ htmlInput: { maxLength: TEXT_MAX_CHARS } }}
        />
        <IconButton type="submit" color="primary" aria-label={m.chat.send} disabled={text.trim() === ''}>
          <SendRounded />
        </IconButton>
      </Stack>
    </Stack>
  );
}
