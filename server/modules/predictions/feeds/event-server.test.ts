import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { asset } from '../../../platform/config/asset.ts';
import { Unavailable } from '../../../platform/errors.ts';
import { RejectedItems } from '../service/rejected-items.ts';
import { openWorld, type World } from '../service/testing.ts';
import { EventServer, type FeedTally } from './event-server.ts';
import type { FeedReader } from './feed.ts';
import type { Match } from './match.ts';
import { readMatch } from './match-format.ts';
import { MatchGames } from './match-games.ts';
import { PollingReader } from './polling.ts';
import { replay } from './replay.ts';

const FINAL_TEXT = readFileSync(asset('server/modules/predictions/feeds/final-2022.json'), 'utf8');
const FINAL = readMatch(FINAL_TEXT);
const FEED = 'test';
const SPEED = 60;
const WHOLE_MATCH_MS = 200_000;

describe('event server', () => {
  let world: World;
  let games: MatchGames;

  before(async () => {
    world = await openWorld();
    games = new MatchGames({ deps: world.process.deps, services: world.process });
  });
  after(() => world.close());

  /** Plays a match against the test's clock; `stopAfter` facts the process dies. */
  async function play(
    match: Match,
    gameId: string,
    options: { startAt?: number; stopAfter?: number } = {},
  ): Promise<FeedTally> {
    const stop = new AbortController();
    const eventServer = new EventServer({ events: world.process.events, ports: world.process.ports });
    const startAt = options.startAt ?? world.now;
    const reader = replay(match, { feed: FEED, gameId, clock: world.clock, startAt, speed: SPEED });
    let facts = 0;
    const reading = eventServer.read(reader, stop.signal, (batch) => {
      facts += batch.items.length;
      if (facts >= (options.stopAfter ?? Number.POSITIVE_INFINITY)) stop.abort();
    });
    const outcome = await world.outlast(reading);
    assert.equal(outcome.status, 'fulfilled');
    return (outcome as PromiseFulfilledResult<FeedTally>).value;
  }

  /** What stands in the game's log, without ids and times. */
  async function logOf(gameId: string): Promise<object[]> {
    return await world.database.query(
      'select action_id, target_id, description, current_count from predictions_events where game_id = $1 order by log_seq',
      [gameId],
    );
  }

  it('replays a match: every fact once, dated when it was due, pools decided on the way', async () => {
    const { gameId } = await games.ensure(FINAL, 'first');
    const startAt = world.now;
    const tally = await play(FINAL, gameId);
    assert.deepEqual(tally, { registered: FINAL.timeline.length, duplicate: 0, rejected: 0 });
    const [goal] = await world.database.query<{ happened_at: bigint; current_count: object }>(
      `select happened_at, current_count from predictions_events where game_id = $1 and action_id = 'goal' order by log_seq`,
      [gameId],
    );
    assert.equal(Number(goal!.happened_at), startAt + 23_000);
    const details = await world.process.games.details({ kind: 'system', name: 'test' }, gameId);
    assert.deepEqual((details.game_state as object[])[0], { action_id: 'goal', argentina: '3', france: '3' });
  });

  it('a second replay of the same match changes nothing', async () => {
    const game = await games.ensure(FINAL, 'first');
    const before = await logOf(game.gameId);
    const tally = await play(FINAL, game.gameId, { startAt: world.now - WHOLE_MATCH_MS });
    assert.deepEqual(tally, { registered: 0, duplicate: FINAL.timeline.length, rejected: 0 });
    assert.deepEqual(await logOf(game.gameId), before);
  });

  it('killed half way and begun again, it comes to the same end', async () => {
    const game = await games.ensure(FINAL, 'second');
    const half = await play(FINAL, game.gameId, { stopAfter: 15 });
    assert.ok(half.registered >= 15 && half.registered < FINAL.timeline.length);
    await world.replaceProcess();
    games = new MatchGames({ deps: world.process.deps, services: world.process });
    const elapsed = await games.elapsedMinutes(FINAL, FEED, game);
    const startAt = world.now - (elapsed! * 60_000) / SPEED;
    const rest = await play(FINAL, game.gameId, { startAt });
    assert.equal(half.registered + rest.registered, FINAL.timeline.length);
    const first = await games.ensure(FINAL, 'first');
    assert.deepEqual(await logOf(game.gameId), await logOf(first.gameId));
    await world.checkInvariants();
  });

  it('finds the game somebody has prepared, adds what is missing and opens it', async () => {
    const { admin, sourceId } = await world.source();
    const asked = {
      sourceId,
      name: FINAL.name,
      type: 'football',
      actions: ['Goal'],
      targets: ['Argentina:Lionel Messi'],
      currency: 'DON',
    };
    const unset = { openAt: null, closeAt: null, liveStartAt: null, liveFinishAt: null, hashtag: null, imageUrl: null };
    const { body } = await world.process.games.create(admin, { ...asked, ...unset });
    const game = await games.ensure(FINAL, 'World Cup');
    assert.equal(game.gameId, body.game_id);
    assert.equal(game.state, 'opened');
    assert.ok(game.targets.some((target) => target.targetId === 'france:kylian-mbappé'));
    const head = (await world.messages(game.gameId)).length;
    assert.equal((await games.ensure(FINAL, 'World Cup')).gameId, game.gameId);
    assert.equal((await world.messages(game.gameId)).length, head, 'nothing was missing the second time');
  });

  it('two feeds that begin at once make one game', async () => {
    const made = await Promise.all([
      games.ensure(FINAL, 'at once'),
      games.ensure(FINAL, 'at once'),
      games.ensure(FINAL, 'at once'),
    ]);
    assert.equal(new Set(made.map((game) => game.gameId)).size, 1);
  });

  it('makes operators admins of the source it makes', async () => {
    const operator = await world.player('1000.00', ['superuser']);
    const game = await games.ensure(FINAL, 'operated');
    const request = await world.process.games.becomeAdmin(operator, game.gameId);
    assert.equal(request.kind, 'success');
  });

  it('puts unknown games, actions and targets on the rejected list, with the reason', async () => {
    const { gameId } = await games.ensure(FINAL, 'rejecting');
    const item = { happenedAt: null, description: '', action: 'Goal', target: 'Argentina:Lionel Messi' };
    const batches = [
      {
        feed: 'odd',
        gameId,
        items: [
          { ...item, itemId: 'good' },
          { ...item, itemId: 'action', action: 'Throw-in' },
          { ...item, itemId: 'target', target: 'Argentina:Nobody' },
          { ...item, itemId: 'not a leaf', target: 'Argentina' },
        ],
      },
      { feed: 'odd', gameId: 'the final', items: [{ ...item, itemId: 'game' }] },
    ];
    const reader: FeedReader = {
      name: 'odd',
      async *batches() {
        yield* batches;
      },
    };
    const eventServer = new EventServer({ events: world.process.events, ports: world.process.ports });
    const tally = await eventServer.read(reader, new AbortController().signal);
    assert.deepEqual(tally, { registered: 1, duplicate: 0, rejected: 4 });
    const rejected = await new RejectedItems(world.process.deps).list(await world.developer());
    const reasons = rejected.filter((row) => row.feed === 'odd').map((row) => [row.item_id, row.reason]);
    assert.deepEqual(
      new Map(reasons as [string, string][]),
      new Map([
        ['action', 'unknown_action'],
        ['target', 'unknown_target'],
        ['not a leaf', 'target_not_leaf'],
        ['game', 'unknown_game'],
      ]),
    );
  });

  it('asks a feed for more only when its items are committed, however long the database is away', async () => {
    const steps: string[] = [];
    let failures = 3;
    const events = {
      registerFeedItems: async (...call: Parameters<World['process']['events']['registerFeedItems']>) => {
        if (failures-- > 0) throw new Unavailable('away', 'The database is away.');
        steps.push('committed');
        return await world.process.events.registerFeedItems(...call);
      },
    };
    const { gameId } = await games.ensure(FINAL, 'outage');
    const item = {
      itemId: 'only',
      happenedAt: null,
      description: '',
      action: 'Goal',
      target: 'Argentina:Lionel Messi',
    };
    const reader: FeedReader = {
      name: 'outage',
      async *batches() {
        yield { feed: 'outage', gameId, items: [item] };
        steps.push('acknowledged');
      },
    };
    const eventServer = new EventServer({ events, ports: world.process.ports });
    await world.outlast(eventServer.read(reader, new AbortController().signal));
    assert.deepEqual(steps, ['committed', 'acknowledged']);
    assert.equal((await logOf(gameId)).length, 1);
  });

  it('reads configured addresses in the background, into a game it makes, until it is stopped', async (t) => {
    const server = createServer((_request, response) => response.end(FINAL_TEXT)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/final.json`;
    const { ports } = world.process;
    const eventServer = new EventServer({ events: world.process.events, ports });
    t.after(async () => {
      await eventServer.stop();
      server.closeAllConnections();
      server.close();
    });
    eventServer.start([new PollingReader({ url, ports, gameOf: (match) => games.ensure(match, 'polled') })]);
    const { gameId } = await games.ensure(FINAL, 'polled');
    while ((await logOf(gameId)).length < FINAL.timeline.length) await world.advance(100);
    await eventServer.stop();
    assert.equal((await logOf(gameId)).length, FINAL.timeline.length);
  });

  it('stops without acknowledging when it is told to while the database is away', async () => {
    const stop = new AbortController();
    let acknowledged = false;
    const events = {
      registerFeedItems: async () => {
        stop.abort();
        throw new Unavailable('away', 'The database is away.');
      },
    };
    const reader: FeedReader = {
      name: 'stopping',
      async *batches() {
        yield { feed: 'stopping', gameId: 'any', items: [] };
        acknowledged = true;
      },
    };
    await new EventServer({ events, ports: world.process.ports }).read(reader, stop.signal);
    assert.equal(acknowledged, false);
  });
});
