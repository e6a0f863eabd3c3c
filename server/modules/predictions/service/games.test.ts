import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { playerTopic, sourceTopic } from '../events.ts';
import { readList, readTime } from '../rules/input.ts';
import { messageFaults } from '../rules/vocabulary.ts';
import { askedGame, openWorld, refused, type World } from './testing.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.end());

type Node = { target_id: string; symbol: string; targets: Node[] };

test('predictions-12: targets as one string become a tree', async () => {
  const { admin, sourceId } = await world.source();
  const targets = readList('Chile:11, Peru:4', 'targets', 100);
  const { body } = await world.process.games.createAndOpen(admin, askedGame({ sourceId, targets }));
  const flat = (tree: Node[]): unknown[] => tree.map((node) => [node.target_id, node.symbol, flat(node.targets)]);
  assert.deepEqual(flat(body.targets as Node[]), [
    ['chile', 'chi', [['chile:11', '11', []]]],
    ['peru', 'per', [['peru:4', '4', []]]],
    ['none', 'non', []],
  ]);
  assert.deepEqual(messageFaults({ res: 340, ...body }), []);
});

test('predictions-13: an open_at of the past is now, a close_at of "None" is unset', async () => {
  const { admin, sourceId } = await world.source();
  await world.advance(1_000);
  const { body } = await world.process.games.createAndOpen(
    admin,
    askedGame({ sourceId, openAt: readTime(1_700_000_000, 'open_at'), closeAt: readTime('None', 'close_at') }),
  );
  assert.equal(body.open_at, world.now);
  assert.equal(body.close_at, null);
});

test('predictions-16: 373 with nothing but the game is a read for everybody', async () => {
  const match = await world.match();
  const player = await world.player();
  const update = await world.process.games.update(player, match.gameId, { actions: [], targets: [] });
  assert.equal(update.kind, 'details');
  assert.deepEqual(messageFaults({ res: 342, ...update.body }), []);
  const error = world.process.games.update(player, match.gameId, { actions: ['Foul'], targets: [] });
  await refused(error, 'not_authorized');
});

test('only developers open sources', async () => {
  const player = await world.player();
  await refused(world.process.sources.open(player, { name: 'Mine', description: null }), 'not_authorized');
  const developer = await world.developer();
  await refused(world.process.sources.open(developer, { name: '  ', description: null }), 'invalid_parameter');
  await refused(
    world.process.sources.open(developer, { name: 'x', description: 'y'.repeat(513) }),
    'invalid_parameter',
  );
  const { body } = await world.process.sources.open(developer, { name: ' Copa ', description: 'America' });
  assert.deepEqual(await world.process.sources.listAdministered(developer), {
    sources: [{ id: body.source_id, name: 'Copa', description: 'America' }],
  });
});

test('games are announced to the source audience and stand in exactly one list', async () => {
  const { admin, sourceId } = await world.source();
  const { games, gameReads } = world.process;
  const created = await games.create(admin, askedGame({ sourceId, name: 'Later', actions: [], targets: [] }));
  assert.deepEqual(
    created.events.map(({ topic, type, seq }) => [topic, type, seq]),
    [[sourceTopic(sourceId), 'game.created', 1]],
  );
  assert.deepEqual(messageFaults({ res: 3401, ...created.body }), []);
  const gameId = created.body.game_id as string;
  assert.equal(created.body.hashtag, '#Lat');

  const upcoming = await gameReads.upcomingOfSource(admin, sourceId);
  assert.deepEqual(messageFaults({ res: 3461, ...upcoming }), []);
  assert.deepEqual(
    (upcoming.games as { id: string }[]).map((game) => game.id),
    [gameId],
  );
  assert.deepEqual((await gameReads.listOfSource(admin, sourceId)).games, []);

  const opened = await games.open(admin, gameId, { actions: ['Goal'], targets: ['Chile'] });
  assert.deepEqual(messageFaults({ res: 3402, ...opened.body }), []);
  assert.deepEqual(opened.body.actions, [{ action_id: 'goal', name: 'Goal' }]);
  await refused(games.open(admin, gameId, { actions: [], targets: [] }), 'invalid_parameter');

  const list = await gameReads.listOfSource(admin, sourceId);
  assert.deepEqual(messageFaults({ res: 345, ...list }), []);
  assert.deepEqual(
    (list.games as { game_id: string }[]).map((game) => game.game_id),
    [gameId],
  );
  assert.deepEqual((await gameReads.upcoming(admin, sourceId)).upcoming_games, []);
  const active = (await gameReads.active({ kind: 'anonymous', address: '::1' }, sourceId)).games_active;
  assert.deepEqual((active as { teams: unknown }[])[0]!.teams, [
    { target_id: 'chile', symbol: 'chi', display_name: 'Chile' },
  ]);
  await refused(gameReads.active(admin, 'nowhere'), 'unknown_source');
});

test('a type is a word or its uuid; an unknown word creates it (I3)', async () => {
  const { admin, sourceId } = await world.source();
  const { games } = world.process;
  const first = await games.createAndOpen(admin, askedGame({ sourceId, type: 'Water Polo' }));
  assert.equal(first.body.type, 'Water Polo');
  const details = await games.details(admin, first.body.game_id as string);
  assert.equal(details.type_name, 'water-polo');
  const second = await games.createAndOpen(admin, askedGame({ sourceId, type: details.type as string }));
  assert.equal((await games.details(admin, second.body.game_id as string)).type, details.type);
  for (const type of [sourceId, 'INSTAMRKT', ' ']) {
    await refused(games.createAndOpen(admin, askedGame({ sourceId, type })), 'invalid_parameter');
  }
});

test('what a new game refuses', async () => {
  const { admin, sourceId } = await world.source();
  const other = await world.developer();
  const { games } = world.process;
  const create = (changes: object, by = admin) => games.createAndOpen(by, askedGame({ sourceId, ...changes }));
  await refused(create({}, other), 'not_authorized');
  await refused(create({ sourceId: admin.accountId }), 'unknown_source');
  await refused(create({ currency: 'EUR' }), 'unsupported_currency');
  await refused(create({ closeAt: world.now }), 'invalid_parameter');
  await refused(create({ name: '\u0000' }), 'invalid_parameter');
  for (const imageUrl of [
    'javascript:alert(1)',
    '/x.png',
    'https://user:secret@example.org/',
    `https://example.org/${'x'.repeat(2_048)}`,
  ]) {
    await refused(create({ imageUrl }), 'invalid_parameter');
  }
  const { body } = await create({ imageUrl: 'https://example.org/a b.png' });
  assert.equal(body.image_url, 'https://example.org/a%20b.png');
});

test('373 adds, changes the image, and tells the game', async () => {
  const match = await world.match({ imageUrl: 'https://example.org/a.png' });
  const { games } = world.process;
  const added = await games.update(match.admin, match.gameId, { actions: ['Foul'], targets: ['Chile:9'] });
  assert.equal(added.kind, 'updated');
  const [told] = await match.told(342);
  assert.equal(told!.image_url, 'https://example.org/a.png');
  assert.deepEqual(
    (told!.actions as { action_id: string }[]).map((action) => action.action_id),
    ['goal', 'yellow-card', 'foul'],
  );
  await games.update(match.admin, match.gameId, { actions: [], targets: [], imageUrl: null });
  assert.equal((await match.told(342))[1]!.image_url, null);
});

test('616: only source admins, only so many of them (GM15)', async () => {
  const { admin, sourceId } = await world.source();
  const match = await world.matchOf(admin, sourceId);
  const { games } = world.process;
  const outsider = await world.developer();
  assert.equal((await games.becomeAdmin(outsider, match.gameId)).kind, 'fail');
  assert.equal((await games.becomeAdmin(admin, match.gameId)).kind, 'success');

  const candidates = await world.players(10);
  const [first, ...others] = candidates;
  const done = await games.appointAdmin(admin, match.gameId, first!.username.toUpperCase());
  assert.deepEqual(done.body, { game_id: match.gameId, username: first!.username });
  assert.deepEqual(
    done.events.map((event) => event.topic),
    [playerTopic(first!.accountId)],
  );
  const again = await games.appointAdmin(admin, match.gameId, first!.username);
  assert.deepEqual(again.events, []);
  for (const candidate of others.slice(0, 8)) await games.appointAdmin(admin, match.gameId, candidate.username);
  await refused(games.appointAdmin(admin, match.gameId, others[8]!.username), 'invalid_parameter');
  await refused(games.appointAdmin(admin, match.gameId, 'nobody'), 'user_unknown');
  await refused(games.appointAdmin(first!, match.gameId, others[8]!.username), 'not_authorized');
  assert.deepEqual(await world.process.gameReads.listAdministered(first!), {
    games: [{ id: match.gameId, name: 'Chile - Peru' }],
  });
});

test('616 fails when the game has as many admins as it may have', async () => {
  const { admin, sourceId } = await world.source();
  const { body } = await world.process.games.createAndOpen(admin, askedGame({ sourceId }));
  const gameId = body.game_id as string;
  for (const candidate of await world.players(10))
    await world.process.games.appointAdmin(admin, gameId, candidate.username);
  assert.equal((await world.process.games.becomeAdmin(admin, gameId)).kind, 'fail');
});

test('labels change at open_at and live_start_at, and the game hears of it (6.1, 6.3)', async () => {
  const openAt = world.now + 60_000;
  const match = await world.match({ openAt, liveStartAt: openAt + 60_000 });
  const status = async () => (await world.process.games.details(match.admin, match.gameId)).status;
  assert.equal(await status(), 'betting_not_yet_active');
  await refused(match.pool(), 'game_not_open');
  await world.advanceTo(openAt);
  assert.equal(await status(), 'pre_game_betting_active');
  await world.advanceTo(openAt + 60_000);
  assert.equal(await status(), 'game_in_progress_betting_active');
  assert.deepEqual(
    (await match.told(342)).map((body) => body.status),
    ['pre_game_betting_active', 'game_in_progress_betting_active'],
  );
});

test('history and the console list', async () => {
  const match = await world.match();
  const player = await world.player();
  const poolId = await match.pool();
  assert.deepEqual(await world.process.gameReads.history(player), { game_history: [] });
  await match.bet(player, poolId, 1, 'chile');
  const { game_history: history } = await world.process.gameReads.history(player);
  assert.deepEqual(
    (history as { id: string }[]).map((game) => game.id),
    [match.gameId],
  );
  await match.register();
  const overview = await world.process.gameReads.overview(player);
  const game = (overview.games as Record<string, unknown>[]).find((card) => card.game_id === match.gameId);
  assert.deepEqual(game!.score, [
    { target_id: 'chile', display_name: 'Chile', count: 1 },
    { target_id: 'peru', display_name: 'Peru', count: 0 },
  ]);
  assert.deepEqual([game!.source_id, game!.source_name], [match.sourceId, 'World Cup']);
});

test('a REST path names a game at its stage and of its source (3.2)', async () => {
  const match = await world.match({ liveStartAt: world.now + 60_000 });
  const { gameReads } = world.process;
  const { sourceId, gameId } = match;
  assert.equal((await gameReads.onPath({ sourceId, gameId, stage: 'active' })).gameId, gameId);
  assert.equal((await gameReads.onPath({ sourceId: null, gameId, stage: 'upcoming' })).gameId, gameId);
  await refused(gameReads.onPath({ sourceId: gameId, gameId, stage: 'active' }), 'unknown_game');
  await world.advance(60_000);
  await refused(gameReads.onPath({ sourceId, gameId, stage: 'upcoming' }), 'unknown_game');
});
