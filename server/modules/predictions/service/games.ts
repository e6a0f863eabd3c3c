import { keyOfName } from '../../../platform/accounts/names.ts';
import type { Principal } from '../../../platform/accounts/types.ts';
import type { Tx } from '../../../platform/database/types.ts';
import { type Broadcast, type BroadcastType, CHANGES_TOPIC, gameTopic, playerTopic, sourceTopic } from '../events.ts';
import { addActions } from '../rules/actions.ts';
import { invalidParameter, RuleError } from '../rules/errors.ts';
import { assertGameAllows, assertSourceAllows, hashtagOf, planGameTimes } from '../rules/game.ts';
import { createdGameShape } from '../rules/game-shapes.ts';
import { addTargets } from '../rules/targets.ts';
import { accountOf, readRoles, requireAction, requireRole } from './access.ts';
import type { Done, ServiceDeps } from './deps.ts';
import { gameDetails } from './game-details.ts';
import { ensureGameType } from './game-types.ts';
import { lockGame, lockSource, readSource, type StoredGame } from './store.ts';
import { imageUrlOf, optionalText, requireText } from './texts.ts';
import { timersOfGame } from './timetable.ts';

/** What 370 and 3701 ask for; unset is null. */
export interface AskedGame {
  sourceId: string;
  name: string;
  /** A word or a type's uuid (I3). */
  type: string;
  actions: readonly string[];
  targets: readonly string[];
  openAt: number | null;
  closeAt: number | null;
  liveStartAt: number | null;
  liveFinishAt: number | null;
  currency: string;
  hashtag: string | null;
  imageUrl: string | null;
}

/** What 373 adds; `imageUrl` undefined keeps the image, null removes it. */
export interface GameChanges {
  actions: readonly string[];
  targets: readonly string[];
  imageUrl?: string | null;
}

/** Answer of 373: with nothing to change it is a read (I1). */
export type GameUpdate =
  | { kind: 'details'; body: Record<string, unknown> }
  | ({ kind: 'updated' } & Done<{ game_id: string }>);

/** Answer of 616 (GM15). */
export type AdminRequest =
  | { kind: 'success'; body: { game_id: string } }
  | { kind: 'fail'; body: { game_id: string; reason: string } };

/** Games and their admins (370, 3701, 3702, 372, 373, 616, 617). */
export class GameService {
  readonly #deps: ServiceDeps;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
  }

  /** 370: a game that takes bets from its `open_at` on. Body of 340. @throws RuleError 6602, 6607, 6608, 6619, 6626 */
  createAndOpen(principal: Principal, asked: AskedGame): Promise<Done> {
    return this.#create(principal, asked, 'opened');
  }

  /** 3701: a game to be opened by 3702. Body of 3401. @throws as `createAndOpen` */
  create(principal: Principal, asked: AskedGame): Promise<Done> {
    return this.#create(principal, asked, 'created');
  }

  /** 3702: opens a created game and adds actions and targets (TG8). Body of 3402. @throws RuleError 6602, 6607, 6609, 6618, 6619 */
  async open(
    principal: Principal,
    gameId: string,
    added: { actions: readonly string[]; targets: readonly string[] },
  ): Promise<Done> {
    const { authority, database, ports } = this.#deps;
    return await database.transaction('predictions.game.open', async (tx) => {
      const game = await lockGame(tx, gameId);
      await requireRole(authority, tx, principal, 'predictions.source.administer', game);
      assertGameAllows('open', game, ports.clock.now());
      assertSourceAllows('create', (await readSource(tx, game.sourceId)).state);
      const opened: StoredGame = { ...(await addVocabulary(tx, game, added)), state: 'opened' };
      await tx.query(`update predictions_games set state = 'opened' where id = $1`, [game.gameId]);
      return announceGame(tx, opened, 'game.opened', accountOrNull(principal));
    });
  }

  /** 372: body of 342. @throws RuleError 6609 */
  async details(principal: Principal, gameId: string): Promise<Record<string, unknown>> {
    const { authority, database, ports } = this.#deps;
    requireAction(authority, principal, 'predictions.public.read');
    return await gameDetails(database, gameId, ports.clock.now());
  }

  /** 373: adds actions and targets, changes the image. Body of 343, 342 to the game. @throws RuleError 6602, 6607, 6609, 6618 */
  async update(principal: Principal, gameId: string, changes: GameChanges): Promise<GameUpdate> {
    if (changes.actions.length === 0 && changes.targets.length === 0 && changes.imageUrl === undefined) {
      return { kind: 'details', body: await this.details(principal, gameId) };
    }
    const { authority, database, ports } = this.#deps;
    return await database.transaction('predictions.game.update', async (tx) => {
      const game = await lockGame(tx, gameId);
      await requireRole(authority, tx, principal, 'predictions.game.maintain', game);
      assertGameAllows('update', game, ports.clock.now());
      await addVocabulary(tx, game, changes);
      if (changes.imageUrl !== undefined) {
        const imageUrl = imageUrlOf(changes.imageUrl);
        await tx.query('update predictions_games set image_url = $2 where id = $1', [game.gameId, imageUrl]);
      }
      const data: Broadcast = { body: await gameDetails(tx, game.gameId, ports.clock.now()) };
      const actor = accountOrNull(principal);
      const event = tx.append({ topic: gameTopic(game.gameId), type: 'game.updated', data, actor });
      appendListChange(tx, game);
      return { kind: 'updated', body: { game_id: game.gameId }, events: [event] };
    });
  }

  /** 616: the caller becomes admin of a game of his source (GM15). @throws RuleError 6609 */
  async becomeAdmin(principal: Principal, gameId: string): Promise<AdminRequest> {
    const accountId = accountOf(principal);
    const { authority, database } = this.#deps;
    return await database.transaction('predictions.game.become-admin', async (tx) => {
      const game = await lockGame(tx, gameId);
      const body = { game_id: game.gameId };
      const fail = (reason: string): AdminRequest => ({ kind: 'fail', body: { ...body, reason } });
      const roles = await readRoles(tx, principal, game);
      if (!authority.can(principal, 'predictions.source.administer', roles)) {
        return fail('You are not an admin of the source of this game.');
      }
      if (roles.isGameAdmin) return { kind: 'success', body };
      if (!(await this.#hasRoomForAdmin(tx, game.gameId))) return fail('This game has as many admins as it may have.');
      await insertGameAdmin(tx, game.gameId, accountId);
      return { kind: 'success', body };
    });
  }

  /** 617: makes a player admin of the game, who hears 640; repeating it changes nothing. @throws RuleError 6602, 6607 when full, 6609, 6624 */
  async appointAdmin(
    principal: Principal,
    gameId: string,
    username: string,
  ): Promise<Done<{ game_id: string; username: string }>> {
    const { authority, database } = this.#deps;
    return await database.transaction('predictions.game.appoint-admin', async (tx) => {
      const game = await lockGame(tx, gameId);
      await requireRole(authority, tx, principal, 'predictions.source.administer', game);
      const player = await findPlayer(tx, username);
      const done = { body: { game_id: game.gameId, username: player.username }, events: [] };
      const [present] = await tx.query(
        'select 1 as one from predictions_game_admins where game_id = $1 and account_id = $2',
        [game.gameId, player.id],
      );
      if (present) return done;
      if (!(await this.#hasRoomForAdmin(tx, game.gameId))) {
        throw invalidParameter('username', 'This game has as many admins as it may have.');
      }
      await insertGameAdmin(tx, game.gameId, player.id);
      const data: Broadcast = { body: { game_id: game.gameId } };
      const actor = accountOrNull(principal);
      return {
        ...done,
        events: [tx.append({ topic: playerTopic(player.id), type: 'admin.appointed', data, actor })],
      };
    });
  }

  async #create(principal: Principal, asked: AskedGame, state: 'created' | 'opened'): Promise<Done> {
    const { authority, database, ports, settings, timers } = this.#deps;
    const accountId = accountOf(principal);
    const name = requireText(asked.name, 'game_name');
    const hashtag = optionalText(asked.hashtag, 'hashtag') ?? hashtagOf(name);
    const imageUrl = imageUrlOf(asked.imageUrl);
    const actions = addActions([], asked.actions);
    const targets = addTargets([], asked.targets);
    return await database.transaction('predictions.game.create', async (tx) => {
      const source = await lockSource(tx, asked.sourceId);
      await requireRole(authority, tx, principal, 'predictions.source.administer', { sourceId: source.sourceId });
      assertSourceAllows('create', source.state);
      if (!settings.currencies.includes(asked.currency)) {
        throw new RuleError('unsupported_currency', { currency: asked.currency });
      }
      const now = ports.clock.now();
      const game: StoredGame = {
        ...planGameTimes(asked, now),
        ...(await ensureGameType(tx, asked.type, ports.ids.uuid())),
        gameId: ports.ids.uuid(),
        state,
        currency: asked.currency,
        sourceId: source.sourceId,
        typeGiven: asked.type,
        name,
        hashtag,
        imageUrl,
        actions,
        targets,
        closedAt: null,
      };
      await insertGame(tx, game, accountId, now);
      await timers.set(tx, timersOfGame(game, now));
      return announceGame(tx, game, state === 'opened' ? 'game.created-and-opened' : 'game.created', accountId);
    });
  }

  async #hasRoomForAdmin(tx: Tx, gameId: string): Promise<boolean> {
    const [row] = await tx.query<{ n: bigint }>(
      'select count(*) as n from predictions_game_admins where game_id = $1',
      [gameId],
    );
    return Number(row!.n) < this.#deps.settings.maxGameAdmins;
  }
}

async function insertGame(tx: Tx, game: StoredGame, createdBy: string, createdAt: number): Promise<void> {
  await tx.query(
    `insert into predictions_games (id, source_id, type_id, type_given, name, state, open_at, close_at, live_start_at, live_finish_at, currency,
       hashtag, image_url, actions, targets, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::jsonb, $15::jsonb, $16, $17)`,
    [
      game.gameId,
      game.sourceId,
      game.typeId,
      game.typeGiven,
      game.name,
      game.state,
      game.openAt,
      game.closeAt,
      game.liveStartAt,
      game.liveFinishAt,
      game.currency,
      game.hashtag,
      game.imageUrl,
      JSON.stringify(game.actions),
      JSON.stringify(game.targets),
      createdBy,
      createdAt,
    ],
  );
}

/** Only ever adds (TG8). */
async function addVocabulary(
  tx: Tx,
  game: StoredGame,
  added: { actions: readonly string[]; targets: readonly string[] },
): Promise<StoredGame> {
  const actions = addActions(game.actions, added.actions);
  const targets = addTargets(game.targets, added.targets);
  await tx.query('update predictions_games set actions = $2::jsonb, targets = $3::jsonb where id = $1', [
    game.gameId,
    JSON.stringify(actions),
    JSON.stringify(targets),
  ]);
  return { ...game, actions, targets };
}

/** 340, 3401 or 3402 for the caller and the source audience (GM1). */
function announceGame(tx: Tx, game: StoredGame, type: BroadcastType, actor: string | null): Done {
  const data: Broadcast = { body: createdGameShape(game, game.typeGiven) };
  const event = tx.append({ topic: sourceTopic(game.sourceId), type, data, actor });
  appendListChange(tx, game);
  return { body: data.body, events: [event] };
}

function appendListChange(tx: Tx, game: Pick<StoredGame, 'gameId' | 'sourceId'>): void {
  tx.append({ topic: CHANGES_TOPIC, type: 'games', data: { game_id: game.gameId, source_id: game.sourceId } });
}

async function insertGameAdmin(tx: Tx, gameId: string, accountId: string): Promise<void> {
  await tx.query('insert into predictions_game_admins (game_id, account_id) values ($1, $2)', [gameId, accountId]);
}

/** An active account that plays here (PF-70). @throws RuleError 6624 */
async function findPlayer(tx: Tx, username: string): Promise<{ id: string; username: string }> {
  const [row] = await tx.query<{ id: string; username: string }>(
    `select a.id, a.username from accounts a join predictions_players p on p.account_id = a.id
     where a.username_key = $1 and a.state = 'active'`,
    [keyOfName(username)],
  );
  if (!row) throw new RuleError('user_unknown', { username });
  return row;
}

function accountOrNull(principal: Principal): string | null {
  return principal.kind === 'account' ? principal.accountId : null;
}
