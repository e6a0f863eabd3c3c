import { ApiError } from '@greenroom/client';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import type { ReactNode } from 'react';
import { messages as m } from '../messages.ts';
import { failureText } from './failure.ts';

/** A reading failed: what, and a way to try again. */
export function FailureState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <Alert
      severity="error"
      variant="outlined"
      action={
        onRetry && (
          <Button color="inherit" size="small" onClick={onRetry}>
            {m.common.retry}
          </Button>
        )
      }
    >
      {failureText(error)}
      {requestId && (
        <Typography variant="caption" component="div">
          {m.failures.requestId(requestId)}
        </Typography>
      )}
    </Alert>
  );
}

interface EmptyStateProps {
  icon?: ReactNode;
  text: string;
  action?: ReactNode;
}

/** There is nothing to show, and that is fine. */
export function EmptyState({ icon, text, action }: EmptyStateProps) {
  return (
    <Stack
      spacing={1.5}
      sx={{
        alignItems: 'center',
        textAlign: 'center',
        px: 3,
        py: 4,
        border: '1px dashed',
        borderColor: 'divider',
        borderRadius: 1,
        color: 'text.secondary',
      }}
    >
      {icon && <Box sx={{ display: 'flex', fontSize: 32 }}>{icon}</Box>}
      <Typography color="textSecondary">{text}</Typography>
      {action}
    </Stack>
  );
}

/** Grey blocks in the shape of what is being loaded. */
export function LoadingBlocks({ count = 3, height = 96 }: { count?: number; height?: number }) {
  return (
    <Stack spacing={2} role="status" aria-label={m.common.loading}>
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks are alike and never reordered
        <Skeleton key={index} variant="rounded" height={height} />
      ))}
    </Stack>
  );
}
