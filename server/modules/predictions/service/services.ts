import type { AccountServices } from '../../../platform/accounts/compose.ts';
import type { Mailer } from '../../../platform/mail/types.ts';
import { AttendanceService } from './attendance.ts';
import { BetService } from './bets.ts';
import { ChatService } from './chat.ts';
import { ClosingService } from './closing.ts';
import type { ServiceDeps } from './deps.ts';
import { FeedPush } from './feed-push.ts';
import { FriendService } from './friends.ts';
import { GameReads } from './game-reads.ts';
import { GameService } from './games.ts';
import { LeaderboardService } from './leaderboards.ts';
import { LoginService } from './logins.ts';
import { ParkedPools } from './parked-pools.ts';
import { PlayerService } from './players.ts';
import { PoolReads } from './pool-reads.ts';
import { PoolService } from './pools.ts';
import { PregameService } from './pregame.ts';
import type { ResolverProgress } from './progress.ts';
import { EventService } from './registration.ts';
import { RejectedItems } from './rejected-items.ts';
import { ResultService } from './results.ts';
import { SourceService } from './sources.ts';
import { StatisticsService } from './statistics.ts';
import { InvariantWatch } from './watch.ts';

/** All use cases of the module, put together once (DESIGN 2). */
export type PredictionsServices = ReturnType<typeof createServices>;

export interface ServiceParts {
  accounts: AccountServices;
  mailer: Mailer;
  publicUrl: string;
  progress: ResolverProgress;
  processId: string;
}

export function createServices(deps: ServiceDeps, parts: ServiceParts) {
  const { accounts, mailer, publicUrl } = parts;
  const players = new PlayerService(deps);
  const friends = new FriendService(deps);
  const bets = new BetService({
    database: deps.database,
    ports: deps.ports,
    limits: deps.settings.limits,
    legacySeconds: deps.settings.legacyPlacedAtSeconds,
  });
  const gameReads = new GameReads(deps);
  const events = new EventService(deps);
  return {
    ...{ deps, players, friends, bets, gameReads, events },
    attendance: new AttendanceService(deps, parts.processId),
    chat: new ChatService(deps),
    closing: new ClosingService(deps, parts.progress),
    feed: new FeedPush(deps, events),
    games: new GameService(deps),
    leaderboards: new LeaderboardService(deps, friends),
    logins: new LoginService(deps, { sessions: accounts.sessions, players }),
    parkedPools: new ParkedPools(deps),
    poolReads: new PoolReads(deps, gameReads),
    pools: new PoolService(deps),
    pregame: new PregameService(deps, { accounts: accounts.accounts, bets, friends, players, mailer, publicUrl }),
    rejectedItems: new RejectedItems(deps),
    results: new ResultService(deps),
    sources: new SourceService(deps),
    statistics: new StatisticsService(deps),
    watch: new InvariantWatch(deps),
  };
}
