import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { Component, type ReactNode } from 'react';
import { messages as m } from '../messages.ts';

/** Shows a way out when a page fails to render; a change of `resetKey` (the route) tries again. */
export class ErrorBoundary extends Component<{ resetKey: string; children: ReactNode }, { failedKey: string | null }> {
  override state: { failedKey: string | null } = { failedKey: null };

  override componentDidCatch(): void {
    this.setState({ failedKey: this.props.resetKey });
  }

  static getDerivedStateFromError(): { failedKey: string } {
    return { failedKey: '' };
  }

  override componentDidUpdate(): void {
    const { failedKey } = this.state;
    if (failedKey !== null && failedKey !== '' && failedKey !== this.props.resetKey) this.setState({ failedKey: null });
  }

  override render(): ReactNode {
    if (this.state.failedKey === null) return this.props.children;
    return (
      <Box role="alert" sx={{ maxWidth: 560, mx: 'auto', px: 3, py: 8 }}>
        <Typography variant="h1" gutterBottom>
          {m.failures.title}
        </Typography>
        <Typography sx={{ mb: 3 }}>{m.failures.crash}</Typography>
        <Button variant="contained" onClick={() => window.location.reload()}>
          {m.failures.reload}
        </Button>
      </Box>
    );
  }
}
