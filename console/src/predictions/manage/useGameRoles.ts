import type { GameDetails } from '@greenroom/client';
import { useConnection } from '../live/Connection.tsx';

export interface GameRoles {
  /** S: admin of the game's source. */
  isSourceAdmin: boolean;
  /** G: may open pools and enter events. */
  isGameAdmin: boolean;
  isAny: boolean;
}

/** What the signed-in account may do in this game (1.2 of the contract). */
export function useGameRoles(game: GameDetails): GameRoles {
  const roles = useConnection()?.key?.roles;
  const isSourceAdmin = roles?.sources.includes(game.source_id) ?? false;
  const isGameAdmin = roles?.games.includes(game.game_id) ?? false;
  return { isSourceAdmin, isGameAdmin, isAny: isSourceAdmin || isGameAdmin };
}
