import assert from 'node:assert/strict';
import { connect, type OpcodeClient } from './opcode-client.ts';
import { RestClient } from './people.ts';
import { TestServer } from './server.ts';
import { until } from './waiting.ts';

/** Somebody who can sign in. */
export interface Login {
  username: string;
  password: string;
}

/** A running demo, with the accounts that it prints. */
export interface DemoServer {
  server: TestServer;
  fan: Login;
  host: Login;
}

/** Starts `greenroom demo` on a free port. */
export async function startDemo(): Promise<DemoServer> {
  const server = await new TestServer(['demo'], {}).ready();
  const login = async (username: string): Promise<Login> => {
    const line = new RegExp(`\\b${username}\\s+password\\s+(\\S+)`);
    return { username, password: await until(`${username} is printed`, () => line.exec(server.output)?.[1]) };
  };
  return { server, fan: await login('fan'), host: await login('host') };
}

/** Signs in by the documented login and opens a websocket. */
export async function enter(server: TestServer, login: Login): Promise<{ client: OpcodeClient; rest: RestClient }> {
  const rest = new RestClient(() => server);
  const { status, body } = await rest.post('/r/login/', login);
  assert.equal(status, 200, JSON.stringify(body));
  return { client: await connectAs(server, body), rest };
}

async function connectAs(server: TestServer, body: Readonly<Record<string, unknown>>): Promise<OpcodeClient> {
  return await connect({ wsUrl: server.wsUrl, id: String(body.id), key: String(body.user_session_key) });
}

/** The match that the demo plays now, once its pools are open. */
export async function demoGame(server: TestServer): Promise<string> {
  const rest = new RestClient(() => server);
  return await until('the demo match is on', async () => {
    const { body } = await rest.get('/predictions/api/games');
    const games = body.games as { game_id: string; source_name: string; participants?: number }[];
    const id = games.find(({ source_name: source }) => source === 'World Cup 2022')?.game_id;
    if (id === undefined) return undefined;
    const { body: details } = await rest.get(`/predictions/api/games/${id}`);
    return (details.pools as unknown[]).length >= ENOUGH_POOLS ? id : undefined;
  });
}

const ENOUGH_POOLS = 8;

/** Games in every state, with people in them, beside the match of the demo. */
export interface Scenery {
  player: Login;
  host: Login;
  demoGameId: string;
  gameId: string;
  announcedGameId: string;
  closedGameId: string;
  leave(): Promise<void>;
}

const VOCABULARY = {
  type: 'football',
  actions: ['Goal', 'Corner kick', 'Yellow card'],
  targets: ['Chile:11', 'Chile:7', 'Peru:4', 'Peru:9'],
};
const MINUTE_MS = 60_000;
const FRIEND: Login = { username: 'friend', password: 'correct horse battery' };

/** Builds the games that the pictures show, as the demo's host and its player. */
export async function setScenery({ server, fan, host }: DemoServer): Promise<Scenery> {
  const demoGameId = await demoGame(server);
  const [player, admin] = await Promise.all([enter(server, fan), enter(server, host)]);
  await backSomething(player.client, demoGameId);
  const friend = await befriend(server, player.rest);
  const clients = [player.client, admin.client, friend];
  const { source_id: sourceId } = await admin.client.expect(335, 365, {
    source_name: 'Sunday league',
    source_description: 'Every Sunday at the lake',
  });
  const create = async (op: 370 | 3701, name: string) => {
    const asked = { ...VOCABULARY, source_id: sourceId, game_name: name, live_start_at: Date.now() + startsIn(op) };
    const { game_id: gameId } = await admin.client.expect(op === 370 ? 340 : 3401, op, asked);
    await admin.client.expect(640, 616, { game_id: gameId });
    return gameId!;
  };
  const gameId = await create(370, 'Chile – Peru');
  await fillGame(admin.client, gameId, [player.client, friend]);
  const announcedGameId = await create(3701, 'Peru – Chile');
  await openPool(admin.client, announcedGameId, { description: 'Who scores first?' });
  const closedGameId = await create(370, 'Chile – Peru, last week');
  await admin.client.expect(341, 375, { game_id: closedGameId });
  return {
    ...{ player: fan, host, demoGameId, gameId, announcedGameId, closedGameId },
    async leave() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

const startsIn = (op: 370 | 3701) => (op === 370 ? -12 * MINUTE_MS : 60 * MINUTE_MS);

/** So that the live page has something of the player's own. */
async function backSomething(client: OpcodeClient, gameId: string): Promise<void> {
  const { pools_list: pools } = await client.expect(3535, 387, { game_id: gameId });
  for (const pool of pools!.slice(0, 4)) {
    const [first] = pool.distribution as { target_id: string }[];
    await client.expect(356, 392, { pool_id: pool.pool_id, target: first!.target_id, amount: 12.5 });
  }
}

/** Somebody who came by the player's invitation (FR1). */
async function befriend(server: TestServer, rest: RestClient): Promise<OpcodeClient> {
  const { body } = await rest.post('/predictions/api/session-key');
  const invited = { ...FRIEND, email: 'friend@example.org', invite_id: body.challenge_id };
  const answer = await new RestClient(() => server).post('/r/signup/', invited);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return await connectAs(server, answer.body);
}

async function openPool(admin: OpcodeClient, gameId: string, params: object): Promise<string> {
  const asked = { game_id: gameId, type: 1, action_id: 'goal', targets: ['chile', 'peru'], ...params };
  return (await admin.expect(350, 385, asked)).pool_id!;
}

/** Pools of every kind and state, a goal, bets and words. */
async function fillGame(admin: OpcodeClient, gameId: string, players: readonly OpcodeClient[]): Promise<void> {
  for (const client of players) await client.ask(363, { game_id: gameId });
  const bet = async (who: number, poolId: string, target: string, amount: number) => {
    await players[who]!.expect(356, 392, { pool_id: poolId, target, amount });
  };
  const first = await openPool(admin, gameId, { description: 'Who scores first?' });
  await bet(0, first, 'chile', 20);
  await bet(1, first, 'peru', 35);
  await admin.expect(366, 395, { game_id: gameId, action_id: 'goal', target_id: 'chile:11' });
  await Promise.all(players.map((client) => client.first(362)));
  const next = await openPool(admin, gameId, { description: 'Who scores next?', is_hot: true });
  await bet(1, next, 'peru', 15.5);
  const scorer = await openPool(admin, gameId, {
    description: 'Which player scores next?',
    targets: ['chile:11', 'chile:7', 'peru:4', 'peru:9'],
  });
  await bet(0, scorer, 'chile:11', 10);
  await openPool(admin, gameId, {
    ...{ description: 'A corner in the next hour?', type: 2, action_id: 'corner-kick' },
    ...{ finish_at: Date.now() + 60 * MINUTE_MS, stop_accepting_bets_at: Date.now() + 50 * MINUTE_MS },
  });
  const binary = { type: 3, action_id: undefined, targets: undefined };
  const card = await openPool(admin, gameId, {
    ...binary,
    description: 'Will the referee need his red card before half-time?',
  });
  await bet(1, card, 'yes', 5);
  await openPool(admin, gameId, { description: 'Who gets the next card?', action_id: 'yellow-card', is_blocked: true });
  for (const [who, text] of [
    [1, 'What a start!'],
    [0, 'I said so.'],
    [1, 'Wait for the second half …'],
  ] as const) {
    await players[who]!.ask(900, { text, targets: [gameId] });
  }
}
