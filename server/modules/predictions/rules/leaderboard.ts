import { invalidParameter } from './errors.ts';
import { moneyOut } from './money.ts';

/** One player of a board, points in hundredths (LB2). */
export type BoardEntry = { readonly userId: string; readonly username: string; readonly points: bigint };

/** A player with his rank on the full board; on a friends board with both ranks (LB10). */
export type RankedEntry = BoardEntry & { readonly rank: number; readonly globalRank?: number };

/** A row as sent (4.3). */
export type RowShape = { username: string; points: number; rank: number; user_id: string; global_rank?: number };

/** How many rows of a tailored board to show where (LB8). */
export type TailoredCounts = { readonly top: number; readonly surrounding: number; readonly bottom: number };

/** Most rows of one part of a tailored board (LB8). */
export const MOST_TAILORED_ROWS = 100;

/** The full board in order: most points first, ties by username without case, then user id; equal points share a rank (LB4, LB5). */
export function rankBoard(entries: readonly BoardEntry[]): RankedEntry[] {
  const sorted = entries
    .map((entry) => ({ entry, name: entry.username.toLowerCase() }))
    .sort((a, b) => {
      if (a.entry.points !== b.entry.points) return a.entry.points > b.entry.points ? -1 : 1;
      return compareText(a.name, b.name) || compareText(a.entry.userId, b.entry.userId);
    });
  let rank = 0;
  let rankedPoints: bigint | null = null;
  return sorted.map(({ entry }, place) => {
    if (entry.points !== rankedPoints) {
      rank = place + 1;
      rankedPoints = entry.points;
    }
    return { ...entry, rank };
  });
}

/** Rows of a websocket board: start < rank ≤ end (LB6). */
export function rowsAfter(board: readonly RankedEntry[], start: number, end: number): RankedEntry[] {
  return board.filter((row) => start < row.rank && row.rank <= end);
}

/** Rows of a personal REST board: start ≤ rank ≤ end (LB7). */
export function rowsFrom(board: readonly RankedEntry[], start: number, end: number): RankedEntry[] {
  return board.filter((row) => start <= row.rank && row.rank <= end);
}

/** The board around one player: top, surroundings, bottom, each row once, and where rows were left out (LB8, LB9). */
export function tailorBoard(
  board: readonly RankedEntry[],
  userId: string | null,
  counts: TailoredCounts,
): { readonly rows: RankedEntry[]; readonly breakAfterRank: number[] } {
  for (const [name, count] of Object.entries(counts)) {
    if (count < 0 || count > MOST_TAILORED_ROWS) throw invalidParameter(`${name}_count`);
  }
  const own = board.findIndex((row) => row.userId === userId);
  const isShown = (place: number) =>
    place < counts.top ||
    place >= board.length - counts.bottom ||
    (own >= 0 && Math.abs(place - own) <= counts.surrounding);
  const places = [...board.keys()].filter(isShown);
  const breaks = places.filter((place, index) => index < places.length - 1 && places[index + 1] !== place + 1);
  const rowsAt = (wanted: readonly number[]) => wanted.flatMap((place) => board.slice(place, place + 1));
  return { rows: rowsAt(places), breakAfterRank: rowsAt(breaks).map((row) => row.rank) };
}

/** The board of a player and his friends: ranks counted among them, with the full board's rank beside (LB10). */
export function friendsBoard(board: readonly RankedEntry[], members: ReadonlySet<string>): RankedEntry[] {
  const globalRanks = new Map(board.map((row) => [row.userId, row.rank]));
  return rankBoard(board.filter((row) => members.has(row.userId))).map((row) => ({
    ...row,
    globalRank: globalRanks.get(row.userId) ?? row.rank,
  }));
}

/** A row as sent (4.3). */
export function rowShape(row: RankedEntry): RowShape {
  const shape = { username: row.username, points: moneyOut(row.points), rank: row.rank, user_id: row.userId };
  return row.globalRank === undefined ? shape : { ...shape, global_rank: row.globalRank };
}

/** Order by code units, the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
