// The load of the crash campaign, a process of its own: it writes down what it was told, and is never killed.
//   node e2e/crash/load.ts CONFIG.json

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { SeededRandom } from '../../server/platform/testing/random.ts';
import { follow } from './follower.ts';
import { JournalWriter } from './journal.ts';
import { MatchAdmin, type OpenPool } from './match-admin.ts';
import { type Login, PersistentClient } from './persistent-client.ts';

export interface LoadConfig {
  wsUrl: string;
  journal: string;
  seed: string;
  sourceId: string;
  admin: Login;
  players: Login[];
  /** Connections of each player. */
  hands: number;
}

/** From the load to the campaign. */
export interface LoadProgress {
  acknowledged: number;
  isDone: boolean;
}

const TELL_EVERY_MS = 20;
const AMOUNTS = ['0.01', '0.02', '0.05', '0.13', '0.31'];

const config = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as LoadConfig;
const journal = new JournalWriter(config.journal);
const random = new SeededRandom(config.seed);
let isOver = false;
let acknowledged = 0;
process.on('message', () => {
  isOver = true;
});

const followers: Promise<void>[] = [];
const adminClient = new PersistentClient(config.wsUrl, config.admin);
const admin = new MatchAdmin({
  client: adminClient,
  journal,
  random: new SeededRandom(`${config.seed}/admin`),
  sourceId: config.sourceId,
  onMatch: (gameId) => void followers.push(followToEnd(gameId)),
});
const telling = setInterval(() => tell(false), TELL_EVERY_MS);
const hands = config.players.flatMap((player) => Array.from({ length: config.hands }, () => play(player)));
await Promise.all([admin.run(() => isOver), ...hands]);
await Promise.all(followers);
clearInterval(telling);
adminClient.close();
journal.close();
tell(true);
process.disconnect?.();

function tell(isDone: boolean): void {
  process.send?.({ acknowledged, isDone } satisfies LoadProgress);
}

/** A subscriber of one game that gets everything that is told of it. */
async function followToEnd(gameId: string): Promise<void> {
  const data = { ...(await follow(config.wsUrl, gameId)) };
  await journal.write({ what: 'followed', kind: 'game', ref: gameId, data });
}

async function play(player: Login): Promise<void> {
  const client = new PersistentClient(config.wsUrl, player);
  while (!isOver) {
    const pool = admin.pools.length === 0 ? undefined : random.pick(admin.pools);
    if (pool) await bet(client, player, pool);
    else await pause(TELL_EVERY_MS);
  }
  client.close();
}

async function bet(client: PersistentClient, player: Login, { poolId, targets }: OpenPool): Promise<void> {
  const ref = random.uuid();
  // One target a player and pool (BT4), without remembering it.
  const place = createHash('sha256').update(`${player.id}${poolId}`).digest()[0]! % targets.length;
  const params = { pool_id: poolId, target: targets[place]!, amount: random.pick(AMOUNTS), client_ref: ref };
  const data = { ...params, user_id: player.id };
  const answer = await client.ask(392, params, () => void journal.write({ what: 'sent', kind: 'bet', ref, data }));
  if (answer.res === 356) {
    await journal.write({ what: 'acknowledged', kind: 'bet', ref, data: { bet_id: answer.bet_id } });
    acknowledged++;
  } else {
    admin.pools = admin.pools.filter((pool) => pool.poolId !== poolId);
    await journal.write({ what: 'refused', kind: 'bet', ref, code: answer.code });
  }
}
