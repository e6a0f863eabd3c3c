import { pino } from 'pino';
import { PostgresDatabase } from '../database/database.ts';
import { openPool } from '../database/pool.ts';
import { systemPorts } from '../system-ports.ts';
import { createPresence } from './presence.ts';

/**
 * A process for presence.test.ts to kill. Arguments: database URL, topic, heartbeat and silence in milliseconds, account ids. Says `ready` when
 * it has written its presence.
 */
const [url = '', topic = '', heartbeatMs, deadAfterMs, ...accountIds] = process.argv.slice(2);
const ports = systemPorts(pino({ level: 'silent' }));
const pool = openPool({ connectionString: url }, { max: 2, onIdleError: () => undefined });
const database = new PostgresDatabase({ ports, pool });
const presence = createPresence(
  { database, ports },
  { heartbeatMs: Number(heartbeatMs), deadAfterMs: Number(deadAfterMs), flushEveryMs: 10 },
);
await presence.start();
presence.onChange(() => process.stdout.write('ready\n'));
for (const accountId of accountIds) presence.join(topic, accountId);
presence.join(topic, null);
process.stdin.resume();
