import Paper from '@mui/material/Paper';
import { Page } from '../../app/Page.tsx';
import { messages as m } from '../../messages.ts';
import { BoardPanel } from './BoardPanel.tsx';

export default function BoardPage() {
  return (
    <Page title={m.board.title} width={720}>
      <Paper variant="outlined" sx={{ p: { xs: 2, sm: 3 } }}>
        <BoardPanel />
      </Paper>
    </Page>
  );
}
