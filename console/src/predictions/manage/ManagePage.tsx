import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import List from '@mui/material/List';
import ListItem from '@mui/material/ListItem';
import Paper from '@mui/material/Paper';
import Stack from '@mui/material/Stack';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link as RouterLink } from 'react-router';
import { useNotify } from '../../app/Notices.tsx';
import { Page } from '../../app/Page.tsx';
import { RequireAccount } from '../../app/RequireAccount.tsx';
import { EmptyState, FailureState, LoadingBlocks } from '../../app/States.tsx';
import { messages as m } from '../../messages.ts';
import { type Connection, useConnection } from '../live/Connection.tsx';
import { SourceCard } from './SourceCard.tsx';
import { useOperation } from './useOperation.ts';

const DESCRIPTION_MAX_CHARS = 512;

/** Opens a source (op 365), for developers. */
function OpenSourceForm({ onOpened }: { onOpened: () => void }) {
  const notify = useNotify();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const open = useOperation(365, {
    onDone: (_, params) => {
      notify(m.manage.sourceOpened(params.source_name), 'success');
      setName('');
      setDescription('');
      onOpened();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    open.mutate({ source_name: name.trim(), description: description.trim() || null });
  };
  return (
    <Paper
      variant="outlined"
      component="form"
      onSubmit={submit}
      aria-label={m.manage.openSource}
      sx={{ p: { xs: 2, sm: 3 } }}
    >
      <Typography variant="h2">{m.manage.openSource}</Typography>
      <Typography variant="body2" color="textSecondary" sx={{ mb: 2 }}>
        {m.manage.openSourceLead}
      </Typography>
      <Stack spacing={2} sx={{ alignItems: 'flex-start' }}>
        <TextField
          label={m.manage.sourceName}
          value={name}
          required
          onChange={(event) => setName(event.target.value)}
        />
        <TextField
          label={`${m.manage.sourceDescription} (${m.common.optional})`}
          value={description}
          multiline
          slotProps={{ htmlInput: { maxLength: DESCRIPTION_MAX_CHARS } }}
          onChange={(event) => setDescription(event.target.value)}
        />
        <Button type="submit" variant="contained" loading={open.isPending} disabled={name.trim() === ''}>
          {m.manage.openSource}
        </Button>
      </Stack>
    </Paper>
  );
}

/** Games with role G (op 610). */
function MyGames({ connection }: { connection: Connection }) {
  const games = useQuery({
    queryKey: ['my-games'],
    queryFn: async () => (await connection.socket.request(610, {})).games,
  });
  return (
    <Paper variant="outlined" component="section" aria-labelledby="my-games" sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography variant="h2" id="my-games">
        {m.manage.myGames}
      </Typography>
      {games.isPending && <LoadingBlocks count={2} height={36} />}
      {games.isError && <FailureState error={games.error} onRetry={() => void games.refetch()} />}
      {games.data?.length === 0 && <Typography color="textSecondary">{m.manage.noGames}</Typography>}
      {games.data && games.data.length > 0 && (
        <List dense disablePadding>
          {games.data.map((game) => (
            <ListItem key={game.id} disableGutters>
              <Link component={RouterLink} to={`/predictions/games/${game.id}`} sx={{ fontWeight: 650 }}>
                {game.name}
              </Link>
            </ListItem>
          ))}
        </List>
      )}
    </Paper>
  );
}

function Sections({ connection }: { connection: Connection }) {
  const sources = useQuery({
    queryKey: ['my-sources'],
    queryFn: async () => (await connection.socket.request(611, {})).sources,
  });
  const refresh = () => void sources.refetch();
  const isDeveloper = connection.key?.roles.developer ?? false;
  const hasNothing = sources.data?.length === 0 && !isDeveloper;
  return (
    <Stack spacing={3}>
      {sources.isPending && <LoadingBlocks count={2} />}
      {sources.isError && <FailureState error={sources.error} onRetry={refresh} />}
      {sources.data && sources.data.length > 0 && (
        <Stack component="section" aria-labelledby="sources-title" spacing={2}>
          <Typography variant="h2" id="sources-title">
            {m.manage.sources}
          </Typography>
          {sources.data.map((source) => (
            <SourceCard key={source.id} source={source} connection={connection} onClosed={refresh} />
          ))}
        </Stack>
      )}
      {hasNothing && <EmptyState text={m.manage.noRole} />}
      {isDeveloper && <OpenSourceForm onOpened={refresh} />}
      <MyGames connection={connection} />
    </Stack>
  );
}

/** For developers, source admins and game admins. */
export default function ManagePage() {
  const connection = useConnection();
  return (
    <RequireAccount title={m.manage.title}>
      {() => (
        <Page title={m.manage.title} lead={m.manage.lead} width={960}>
          {connection === null ? <LoadingBlocks /> : <Sections connection={connection} />}
        </Page>
      )}
    </RequireAccount>
  );
}
