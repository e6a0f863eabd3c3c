import { keyOfName } from '../../../platform/accounts/names.ts';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { PlayerService } from '../service/players.ts';
import type { SimulatedProcess } from './installation.ts';

/** Accounts that play, with their grants; each may open sources too. */
export async function createPlayers(process: SimulatedProcess, count: number): Promise<AccountPrincipal[]> {
  const { database, ports, deps } = process.services;
  const principals = Array.from(
    { length: count },
    (_, i): AccountPrincipal => ({
      kind: 'account',
      accountId: ports.ids.uuid(),
      number: i + 1,
      username: `player-${i + 1}`,
      grants: new Set(['predictions.developer']),
      sessionId: null,
      via: 'session_key',
      address: '127.0.0.1',
    }),
  );
  await database.transaction('simulation.players', async (tx) => {
    for (const { accountId, username } of principals) {
      const email = `${username}@example.org`;
      const names = [keyOfName(username), keyOfName(email)];
      await tx.query(
        `insert into accounts (id, username, username_key, email, email_key, claimed, grants, created_at)
         values ($1, $2, $3, $4, $5, true, '{predictions.developer}', $6)`,
        [accountId, username, names[0], email, names[1], tx.now],
      );
      await tx.query('insert into login_names (name, account_id) select unnest($1::text[]), $2', [names, accountId]);
    }
  });
  const players = new PlayerService(deps);
  for (const principal of principals) await players.enter(principal);
  return principals;
}
