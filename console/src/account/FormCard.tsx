import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import type { FormEvent, ReactNode } from 'react';

interface FormCardProps {
  onSubmit: () => void;
  /** Names the form for screen readers. */
  label: string;
  children: ReactNode;
}

/** A form in a card. */
export function FormCard({ onSubmit, label, children }: FormCardProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Paper variant="outlined" component="form" aria-label={label} onSubmit={submit} sx={{ p: { xs: 2, sm: 3 } }}>
      <Stack spacing={2.5}>{children}</Stack>
    </Paper>
  );
}
