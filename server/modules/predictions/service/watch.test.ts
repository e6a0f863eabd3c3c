import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Timers } from '../../../platform/jobs/timers.ts';
import { openWorld } from './testing.ts';
import { InvariantWatch } from './watch.ts';

test('RS12: every hour one process looks whether the books balance, and raises an alarm when they do not', async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const lines: unknown[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const watchOf = (owner: string) => {
    const ports = { ...world.process.ports, log };
    const timers = new Timers({ ports, database: world.database, owner });
    timers.start();
    t.after(() => timers.stop());
    return { timers, watch: new InvariantWatch({ database: world.database, ports, timers }) };
  };
  const processes = [1, 2].map(() => watchOf(world.process.ports.ids.uuid()));
  for (const { watch } of processes) await watch.start();
  const waiting = () => world.database.query(`select key from timers where kind = 'predictions.watch'`);
  assert.equal((await waiting()).length, 1);

  const anHour = async () => {
    world.clock.advance(3_600_000);
    for (const { timers, watch } of processes) {
      await timers.idle();
      await watch.idle();
    }
  };
  const player = await world.player();
  await anHour();
  assert.deepEqual(lines, []);
  await world.database.query('update predictions_balances set available = available + 1 where account_id = $1', [
    player.accountId,
  ]);
  await anHour();
  const told = (lines as { level: number; breach: string }[]).map(({ level, breach }) => [level, breach.split(':')[0]]);
  assert.deepEqual(told, [
    [60, 'current balances add up to the grants (BT8)'],
    [60, 'balances follow from the ledger (BT1)'],
  ]);
  assert.equal((await waiting()).length, 1);
});
