import { type GameDetails, OpcodeError, type Pool } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogContentText from '@mui/material/DialogContentText';
import DialogTitle from '@mui/material/DialogTitle';
import FormControlLabel from '@mui/material/FormControlLabel';
import { useState } from 'react';
import { failureText } from '../../app/failure.ts';
import { useNotify } from '../../app/Notices.tsx';
import { messages as m } from '../../messages.ts';
import { useOperation } from './useOperation.ts';

interface CloseGameDialogProps {
  game: GameDetails;
  pools: ReadonlyMap<string, Pool>;
  onClose: () => void;
}

/** Pool ids that 6627 names: what must be decided before the game can close (GM8). */
function remainingPools(error: unknown): string[] | undefined {
  if (!(error instanceof OpcodeError) || error.error !== 'unresolved_pools') return undefined;
  const ids = error.details.pools;
  return Array.isArray(ids) ? ids.map(String) : [];
}

/** Closes the game (op 375); when questions remain, names them and offers to call them off (GM9). */
export function CloseGameDialog({ game, pools, onClose }: CloseGameDialogProps) {
  const notify = useNotify();
  const [isForced, setIsForced] = useState(false);
  const close = useOperation(375, {
    isQuiet: true,
    onDone: () => {
      notify(m.manage.closed, 'success');
      onClose();
    },
  });
  const remaining = remainingPools(close.error);
  return (
    <Dialog open onClose={onClose} aria-labelledby="close-title" fullWidth maxWidth="sm">
      <DialogTitle id="close-title">{m.manage.closeGame}</DialogTitle>
      <DialogContent>
        <DialogContentText sx={{ mb: 2 }}>{m.manage.closeLead}</DialogContentText>
        {close.error && remaining === undefined && <Alert severity="error">{failureText(close.error)}</Alert>}
        {remaining && (
          <Alert severity="warning">
            {m.manage.remaining}
            <Box component="ul" sx={{ m: 0, mt: 0.5, pl: 2.5 }}>
              {remaining.map((id) => (
                <li key={id}>{pools.get(id)?.description ?? id}</li>
              ))}
            </Box>
          </Alert>
        )}
        {remaining && (
          <FormControlLabel
            sx={{ mt: 1.5 }}
            control={<Checkbox checked={isForced} onChange={(_, isChecked) => setIsForced(isChecked)} />}
            label={m.manage.force}
          />
        )}
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{m.common.cancel}</Button>
        <Button
          variant="contained"
          color="error"
          loading={close.isPending}
          onClick={() => close.mutate({ game_id: game.game_id, force: isForced })}
        >
          {m.manage.closeGame}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
