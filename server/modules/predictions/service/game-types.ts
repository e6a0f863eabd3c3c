import type { Queryable, Tx } from '../../../platform/database/types.ts';
import { invalidParameter } from '../rules/errors.ts';
import { slugOf } from '../rules/targets.ts';
import { isUuid } from './store.ts';

export interface GameType {
  typeId: string;
  typeName: string;
}

const MOST_NAME = 64;
/** Stands for every type on a leaderboard (LB1). */
const EVERY_TYPE = 'instamrkt';

/** The game type that a word or uuid names; null when there is none (I3). */
export async function findGameType(database: Queryable, given: string): Promise<GameType | null> {
  const [row] = isUuid(given)
    ? await database.query<{ id: string; name: string }>('select id, name from predictions_game_types where id = $1', [
        given,
      ])
    : await database.query<{ id: string; name: string }>(
        'select id, name from predictions_game_types where name = $1',
        [slugOf(given)],
      );
  return row ? { typeId: row.id, typeName: row.name } : null;
}

/** The same for a new game: an unknown word becomes a type (I3). @throws RuleError 6607 for an unknown uuid or an impossible word. */
export async function ensureGameType(tx: Tx, given: string, newId: string): Promise<GameType> {
  const known = await findGameType(tx, given);
  if (known) return known;
  const name = slugOf(given);
  if (isUuid(given) || name === '' || name.length > MOST_NAME || name === EVERY_TYPE) throw invalidParameter('type');
  await tx.query('insert into predictions_game_types (id, name) values ($1, $2) on conflict (name) do nothing', [
    newId,
    name,
  ]);
  const [row] = await tx.query<{ id: string }>('select id from predictions_game_types where name = $1', [name]);
  return { typeId: row!.id, typeName: name };
}
