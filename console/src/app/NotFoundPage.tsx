import Button from '@mui/material/Button';
import { Link as RouterLink } from 'react-router';
import { messages as m } from '../messages.ts';
import { Page } from './Page.tsx';

export default function NotFoundPage() {
  return (
    <Page title={m.failures.notFoundTitle} lead={m.failures.notFound} width={720}>
      <Button component={RouterLink} to="/" variant="contained">
        {m.failures.goHome}
      </Button>
    </Page>
  );
}
