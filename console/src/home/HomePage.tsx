import type { LiveThing, ModuleOverview } from '@greenroom/client';
import ArrowForwardRounded from '@mui/icons-material/ArrowForwardRounded';
import Alert from '@mui/material/Alert';
import AlertTitle from '@mui/material/AlertTitle';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import Typography from '@mui/material/Typography';
import { useId } from 'react';
import { Link as RouterLink } from 'react-router';
import { isLive, LiveMark } from '../app/LiveMark.tsx';
import { useOverview } from '../app/overview.ts';
import { Page } from '../app/Page.tsx';
import { EmptyState, FailureState, LoadingBlocks } from '../app/States.tsx';
import { messages as m } from '../messages.ts';

const REFRESH_MS = 15_000;

function LiveLine({ thing }: { thing: LiveThing }) {
  return (
    <Box component="li" sx={{ py: 1.5, borderTop: 1, borderColor: 'divider' }}>
      <Stack direction="row" spacing={1.5} sx={{ alignItems: 'baseline', justifyContent: 'space-between' }}>
        <Link component={RouterLink} to={thing.path} color="textPrimary" sx={{ fontWeight: 650, minWidth: 0 }}>
          {thing.title}
        </Link>
        <LiveMark status={thing.status} />
      </Stack>
      {thing.detail && isLive(thing.status) && (
        <Typography variant="body2" color="textSecondary">
          {thing.detail}
        </Typography>
      )}
    </Box>
  );
}

function ModuleCard({ module }: { module: ModuleOverview }) {
  const id = useId();
  return (
    <Paper
      variant="outlined"
      component="section"
      aria-labelledby={id}
      sx={{ p: { xs: 2, sm: 3 }, display: 'flex', flexDirection: 'column' }}
    >
      <Typography variant="h2" id={id}>
        {module.title}
      </Typography>
      <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5, mb: 2 }}>
        {m.home.about[module.name]}
      </Typography>
      {module.live.length > 0 ? (
        <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, flex: 1 }}>
          {module.live.map((thing) => (
            <LiveLine key={thing.path} thing={thing} />
          ))}
        </Box>
      ) : (
        <Typography variant="body2" sx={{ flex: 1 }}>
          {m.home.nothingLive}
        </Typography>
      )}
      <Button
        component={RouterLink}
        to={module.path}
        variant="outlined"
        endIcon={<ArrowForwardRounded />}
        sx={{ mt: 2.5, alignSelf: 'flex-start' }}
      >
        {m.home.openModule(module.title)}
      </Button>
    </Paper>
  );
}

function FirstRun() {
  return (
    <Alert severity="info" variant="outlined" sx={{ mb: 3 }}>
      <AlertTitle component="h2" sx={{ fontWeight: 650 }}>
        {m.home.firstRunTitle}
      </AlertTitle>
      {m.home.firstRun}
      <Box
        component="code"
        sx={{ display: 'block', mt: 1, fontFamily: 'ui-monospace, monospace', fontSize: '0.9375rem', fontWeight: 600 }}
      >
        {m.home.firstRunCommand}
      </Box>
    </Alert>
  );
}

export default function HomePage() {
  const overview = useOverview(REFRESH_MS);
  return (
    <Page title={m.home.title} lead={m.home.lead}>
      {overview.isPending && <LoadingBlocks count={2} height={180} />}
      {overview.isError && <FailureState error={overview.error} onRetry={() => void overview.refetch()} />}
      {overview.data?.first_run && <FirstRun />}
      {overview.data?.modules.length === 0 && <EmptyState text={m.home.noModules} />}
      {overview.data && (
        <Box sx={{ display: 'grid', gap: 3, gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 380px), 1fr))' }}>
          {overview.data.modules.map((module) => (
            <ModuleCard key={module.name} module={module} />
          ))}
        </Box>
      )}
    </Page>
  );
}
