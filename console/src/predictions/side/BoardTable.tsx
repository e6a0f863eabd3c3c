import type { Board } from '@greenroom/client';
import Chip from '@mui/material/Chip';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import { Fragment } from 'react';
import { money } from '../../app/format.ts';
import { messages as m } from '../../messages.ts';

interface BoardTableProps {
  board: Board;
  userId: string | undefined;
  label: string;
}

/** Rows of a leaderboard; where ranks are left out (LB9) a line says so. */
export function BoardTable({ board, userId, label }: BoardTableProps) {
  const breaks = new Set(board.break_after_rank ?? []);
  const rows = board.leaderboard;
  // Ties share a rank: the break belongs after the last shown row of that rank.
  const isBreak = (index: number) => breaks.has(rows[index]?.rank ?? -1) && rows[index + 1]?.rank !== rows[index]?.rank;
  return (
    <Table size="small" aria-label={label} sx={{ '& td, & th': { px: 1 } }}>
      <TableHead>
        <TableRow>
          <TableCell sx={{ width: 56 }}>{m.board.rank}</TableCell>
          <TableCell>{m.board.player}</TableCell>
          <TableCell align="right">{m.board.points}</TableCell>
        </TableRow>
      </TableHead>
      <TableBody>
        {rows.map((row, index) => (
          <Fragment key={row.user_id ?? row.username}>
            <TableRow selected={row.user_id === userId}>
              <TableCell sx={{ fontWeight: 650 }}>{row.rank}</TableCell>
              <TableCell sx={{ overflowWrap: 'anywhere' }}>
                {row.username}{' '}
                {row.user_id === userId && <Chip size="small" variant="outlined" color="primary" label={m.board.you} />}
              </TableCell>
              <TableCell align="right" sx={{ fontWeight: 650, whiteSpace: 'nowrap' }}>
                {money(row.points)}
              </TableCell>
            </TableRow>
            {isBreak(index) && (
              <TableRow>
                <TableCell colSpan={3} align="center" sx={{ color: 'text.secondary', py: 0.25 }}>
                  <span aria-hidden>⋯</span>
                  <span style={{ position: 'absolute', clipPath: 'inset(50%)' }}>{m.board.omitted}</span>
                </TableCell>
              </TableRow>
            )}
          </Fragment>
        ))}
      </TableBody>
    </Table>
  );
}
