import { asc, eq } from 'drizzle-orm';
import type { Principal } from '../../../platform/accounts/types.ts';
import { CHANGES_TOPIC } from '../events.ts';
import { sourceAdmins, sources } from '../tables.ts';
import { accountOf, requireAction } from './access.ts';
import type { Done, ServiceDeps } from './deps.ts';
import { optionalText, requireText } from './texts.ts';

/** A source as lists show it (621). */
export interface SourceShape {
  id: string;
  name: string;
  description: string | null;
}

/** Owners of sets of games (365, 611). Closing one is the closing service's. */
export class SourceService {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** 365: opens a source; who opens it is its admin. Body of 335. @throws RuleError 6602, 6607 */
  async open(
    principal: Principal,
    asked: { name: string; description: string | null },
  ): Promise<Done<{ source_id: string }>> {
    const { authority, database, ports } = this.#deps;
    requireAction(authority, principal, 'predictions.source.open');
    const accountId = accountOf(principal);
    const name = requireText(asked.name, 'source_name');
    const description = optionalText(asked.description, 'description');
    return await database.transaction('predictions.source.open', async (tx) => {
      const id = ports.ids.uuid();
      await tx.orm.insert(sources).values({ id, name, description, createdBy: accountId, createdAt: tx.now });
      await tx.orm.insert(sourceAdmins).values({ sourceId: id, accountId });
      tx.append({ topic: CHANGES_TOPIC, type: 'sources', data: { source_id: id }, actor: accountId });
      return { body: { source_id: id }, events: [] };
    });
  }

  /** 611: sources the caller is admin of. Body of 621. */
  async listAdministered(principal: Principal): Promise<{ sources: SourceShape[] }> {
    const rows = await this.#deps.database.orm
      .select({ id: sources.id, name: sources.name, description: sources.description })
      .from(sourceAdmins)
      .innerJoin(sources, eq(sources.id, sourceAdmins.sourceId))
      .where(eq(sourceAdmins.accountId, accountOf(principal)))
      .orderBy(asc(sources.createdAt), asc(sources.id));
    return { sources: rows };
  }
}
