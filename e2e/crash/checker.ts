import { pino } from 'pino';
import { findBreaches } from '../../server/modules/predictions/service/invariants.ts';
import { audit } from '../../server/modules/predictions/simulation/audit.ts';
import { PostgresDatabase } from '../../server/platform/database/database.ts';
import { findEmbeddedPostgres } from '../../server/platform/database/embedded.ts';
import { openPool } from '../../server/platform/database/pool.ts';
import type { Database, Queryable } from '../../server/platform/database/types.ts';
import { systemPorts } from '../../server/platform/system-ports.ts';
import type { JournalLine } from './journal.ts';

/** Opens the embedded database of a data folder beside the server that runs on it. */
export async function openBeside(dataDir: string): Promise<Database> {
  const connection = await findEmbeddedPostgres(dataDir);
  if (!connection) throw new Error(`no PostgreSQL answers for ${dataDir}`);
  const pool = openPool(connection, { max: 4, onIdleError: () => undefined, applicationName: 'checker' });
  return new PostgresDatabase({ ports: systemPorts(pino({ level: 'silent' })), pool });
}

/** Whether every log has been worked through and nothing is due. */
export async function isAtRest(database: Queryable): Promise<boolean> {
  const [row] = await database.query<{ busy: boolean }>(
    `select exists (
       select from topics t left join consumer_positions p on p.topic = t.topic and p.consumer = 'predictions.resolver'
       where starts_with(t.topic, 'predictions/events/') and p.seq is distinct from t.seq
     ) or exists (select from timers where starts_with(stream, 'predictions/') and due_at <= $1) as busy`,
    [Date.now()],
  );
  return !row!.busy;
}

export interface Findings {
  faults: string[];
  acknowledged: number;
  /** Writes whose answer was lost: acknowledged on a later sending. */
  sentAgain: number;
  /** Those of them that had been committed before the sending that was answered. */
  committedUnheard: number;
  /** Events that subscribers got. */
  followed: number;
}

/** Compares the journal with the database, and the database with the contract. */
export async function check(database: Database, lines: readonly JournalLine[]): Promise<Findings> {
  const followed = lines.filter((line) => line.what === 'followed');
  const writes = Map.groupBy(
    lines.filter((line) => line.what !== 'followed'),
    (line) => `${line.kind} ${line.ref}`,
  );
  const stored = await readStored(database);
  const findings: Findings = { faults: [], acknowledged: 0, sentAgain: 0, committedUnheard: 0, followed: 0 };
  for (const [name, of] of writes) {
    const write = stored.get(name) ?? [];
    const sendings = of.filter((line) => line.what === 'sent');
    const answer = of.find((line) => line.what !== 'sent');
    findings.faults.push(...faultsOf(name, sendings, answer, write));
    if (answer?.what !== 'acknowledged') continue;
    findings.acknowledged++;
    if (sendings.length === 1) continue;
    findings.sentAgain++;
    if (write[0] && write[0].at < sendings.at(-1)!.at) findings.committedUnheard++;
  }
  for (const { ref, data } of followed) {
    const { count, faults } = data as { count: number; faults: string[] };
    findings.followed += count;
    findings.faults.push(...faults.map((fault) => `subscriber of ${ref}: ${fault}`));
  }
  if (followed.length !== lines.filter((line) => line.what === 'acknowledged' && line.kind === 'game').length)
    findings.faults.push('not every game was followed to its end');
  for (const name of stored.keys()) {
    if (/^(bet|event)/.test(name) && !writes.has(name)) findings.faults.push(`${name} is there and was never sent`);
  }
  findings.faults.push(...(await findContradictions(database)));
  return findings;
}

/** What in the database goes against the contract: invariants, and the independent model of who decides a pool and who is paid what. */
export async function findContradictions(database: Database): Promise<string[]> {
  return [...(await findBreaches(database)), ...(await audit(database, { graceMs: 0, now: Date.now() }))];
}

interface StoredWrite {
  id: string;
  at: number;
  content: string;
}

function faultsOf(
  name: string,
  sendings: readonly JournalLine[],
  answer: JournalLine | undefined,
  write: readonly StoredWrite[],
): string[] {
  if (!answer) return [`${name} was never answered`];
  if (write.length > 1) return [`${name} is there ${write.length} times`];
  if (answer.what === 'refused')
    return write.length > 0 && answer.kind !== 'close' ? [`${name} was refused with ${answer.code} and is there`] : [];
  if (answer.kind === 'pool' || answer.kind === 'game') return [];
  if (!write[0]) return [`${name} was acknowledged and is lost`];
  const sent = sendings[0]?.data ?? {};
  const content =
    answer.kind === 'bet'
      ? `${sent.user_id} ${sent.pool_id} ${sent.target} ${sent.amount}`
      : answer.kind === 'event'
        ? `${sent.game_id} ${sent.action_id} ${sent.target_id}`
        : 'closed';
  if (write[0].content !== content) return [`${name} is ${write[0].content}, not ${content}`];
  return answer.kind === 'bet' && answer.data?.bet_id !== write[0].id ? [`${name} was answered with another id`] : [];
}

/** Everything stored that a journal may name, by kind and ref. */
async function readStored(database: Queryable): Promise<Map<string, StoredWrite[]>> {
  const rows = await database.query<{ name: string; id: string; at: bigint; content: string }>(
    `select 'bet ' || client_ref as name, id::text, placed_at as at,
       account_id || ' ' || pool_id || ' ' || target_id || ' ' || to_char(amount / 100.0, 'FM999990.00') as content
     from predictions_bets where client_ref is not null
     union all
     select 'event ' || shown_id, id::text, registered_at, game_id || ' ' || action_id || ' ' || target_id from predictions_events
     union all
     select 'close ' || id, id::text, closed_at, state from predictions_games where state = 'closed'`,
  );
  return Map.groupBy(
    rows.map((row) => ({ ...row, at: Number(row.at) })),
    (row) => row.name,
  );
}
