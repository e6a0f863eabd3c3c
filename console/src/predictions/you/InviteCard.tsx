import ContentCopyRounded from '@mui/icons-material/ContentCopyRounded';
import Button from '@mui/material/Button';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useRef } from 'react';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { useConnection } from '../live/Connection.tsx';

/** The link whose registration makes two people friends (FR1). */
export function InviteCard() {
  const connection = useConnection();
  const notify = useNotify();
  const field = useRef<HTMLInputElement>(null);
  const challengeId = connection?.key?.challenge_id;
  const link = `${window.location.origin}/register?invite=${encodeURIComponent(challengeId ?? '')}`;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      notify(m.you.copied, 'success');
    } catch {
      // Plain HTTP has no clipboard: the link is selected for the keyboard.
      field.current?.select();
      notify(m.you.copyFailed);
    }
  };
  return (
    <Paper variant="outlined" component="section" aria-labelledby="invite-title" sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography variant="h2" id="invite-title">
        {m.you.inviteTitle}
      </Typography>
      <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5, mb: 2 }}>
        {m.you.invite}
      </Typography>
      {challengeId === undefined ? (
        <Skeleton variant="rounded" height={40} />
      ) : (
        <Stack spacing={1.5} sx={{ alignItems: 'flex-start' }}>
          <TextField
            label={m.you.inviteLink}
            value={link}
            inputRef={field}
            slotProps={{ htmlInput: { readOnly: true } }}
          />
          <Button variant="outlined" startIcon={<ContentCopyRounded />} onClick={() => void copy()}>
            {m.you.copy}
          </Button>
        </Stack>
      )}
    </Paper>
  );
}
