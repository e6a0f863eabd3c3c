import type { Authority, Policy, Principal } from '../../../platform/accounts/types.ts';
import type { Queryable } from '../../../platform/database/types.ts';
import { RuleError } from '../rules/errors.ts';

/** What an account is in relation to the source or game an operation is about (1.2). */
export interface Roles {
  isSourceAdmin: boolean;
  isGameAdmin: boolean;
}

const anybody: Policy = () => true;
const player: Policy = (principal) => principal.kind !== 'anonymous';
const server: Policy = (principal) => principal.kind === 'system';
const developer: Policy = (principal) =>
  principal.kind === 'system' ||
  (principal.kind === 'account' &&
    (principal.grants.has('predictions.developer') || principal.grants.has('superuser')));
/** At the edge, before the row is loaded, any account may turn out to hold the role. */
const role =
  (holds: (roles: Roles) => boolean): Policy =>
  (principal, resource) =>
    principal.kind === 'system' ||
    (principal.kind === 'account' && (resource === null || resource === undefined || holds(resource as Roles)));

/** Every action of the module and who may do it (1.2, 4.2 column "Who"; PF-16). */
export const PREDICTION_ACTIONS = {
  'predictions.public.read': anybody,
  'predictions.play': player,
  'predictions.source.open': developer,
  'predictions.source.administer': role((roles) => roles.isSourceAdmin),
  'predictions.game.administer': role((roles) => roles.isGameAdmin),
  'predictions.game.maintain': role((roles) => roles.isSourceAdmin || roles.isGameAdmin),
  'predictions.feed.register': server,
} as const satisfies Record<string, Policy>;

export type PredictionAction = keyof typeof PREDICTION_ACTIONS;

/** Roles of a principal for a source and a game of it; both false for anonymous. */
export async function readRoles(
  database: Queryable,
  principal: Principal,
  about: { sourceId: string; gameId?: string },
): Promise<Roles> {
  if (principal.kind !== 'account') return { isSourceAdmin: false, isGameAdmin: false };
  const [row] = await database.query<{ source_admin: boolean; game_admin: boolean }>(
    `select exists (select from predictions_source_admins where account_id = $1 and source_id = $2) as source_admin,
            exists (select from predictions_game_admins where account_id = $1 and game_id = $3) as game_admin`,
    [principal.accountId, about.sourceId, about.gameId ?? null],
  );
  return { isSourceAdmin: row!.source_admin, isGameAdmin: row!.game_admin };
}

/** Asks the one authorisation function, inside the use case, with the roles loaded. @throws RuleError 6602 */
export async function requireRole(
  authority: Authority,
  database: Queryable,
  principal: Principal,
  action: PredictionAction,
  about: { sourceId: string; gameId?: string },
): Promise<void> {
  if (!authority.can(principal, action, await readRoles(database, principal, about)))
    throw new RuleError('not_authorized');
}

/** Asks for an action that concerns no one source or game. @throws RuleError 6602 */
export function requireAction(authority: Authority, principal: Principal, action: PredictionAction): void {
  if (!authority.can(principal, action)) throw new RuleError('not_authorized');
}

/** Account id of a principal that plays. @throws RuleError 6602 for anybody without an account. */
export function accountOf(principal: Principal): string {
  if (principal.kind !== 'account') throw new RuleError('not_authorized');
  return principal.accountId;
}
