import { createAddresses } from '../../../platform/http/address.ts';
import type { Surface } from '../../../platform/http/types.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { BetService } from '../service/bets.ts';
import type { PredictionsSettings } from '../service/deps.ts';
import type { FeedPush } from '../service/feed-push.ts';
import type { FriendService } from '../service/friends.ts';
import type { GameReads } from '../service/game-reads.ts';
import type { GameService } from '../service/games.ts';
import type { LeaderboardService } from '../service/leaderboards.ts';
import type { LoginService } from '../service/logins.ts';
import type { ParkedPools } from '../service/parked-pools.ts';
import type { PlayerService } from '../service/players.ts';
import { PoolPaths } from '../service/pool-paths.ts';
import type { PoolReads } from '../service/pool-reads.ts';
import type { PregameService } from '../service/pregame.ts';
import type { RejectedItems } from '../service/rejected-items.ts';
import type { ResultService } from '../service/results.ts';
import type { StatisticsService } from '../service/statistics.ts';
import type { ProviderSignIn } from './accounts.ts';
import { Credentials } from './credentials.ts';
import { predictionsSurface } from './surface.ts';

/** What the routes call; each service is one instance for all wires of the process. */
export interface HttpServices {
  games: GameService;
  gameReads: GameReads;
  poolReads: PoolReads;
  bets: BetService;
  players: PlayerService;
  friends: FriendService;
  leaderboards: LeaderboardService;
  statistics: StatisticsService;
  pregame: PregameService;
  logins: LoginService;
  results: ResultService;
  feed: FeedPush;
  parkedPools: ParkedPools;
  rejectedItems: RejectedItems;
}

export type HttpPlatform = Pick<Platform, 'database' | 'ports' | 'secrets' | 'accounts'> & {
  settings: Pick<Platform['settings'], 'PUBLIC_URL' | 'CORS_ORIGINS' | 'TRUSTED_PROXIES'>;
};

/** Puts the routes of the module together (DESIGN 2). */
export function createPredictionsSurface(
  platform: HttpPlatform,
  services: HttpServices,
  options: {
    settings: Pick<PredictionsSettings, 'legacyPlacedAtSeconds' | 'recoveryCodeTtlMs'>;
    providers: ProviderSignIn | null;
  },
): Surface {
  const { accounts, database, ports, secrets, settings } = platform;
  const addresses = createAddresses(settings.TRUSTED_PROXIES);
  const isHttps = settings.PUBLIC_URL.startsWith('https:');
  const credentials = new Credentials({
    ports,
    secrets,
    sessions: accounts.sessions,
    authenticator: accounts.authenticator,
    isHttps: (request) => isHttps || addresses.secure(request.raw),
    origins: [settings.PUBLIC_URL, ...settings.CORS_ORIGINS],
  });
  return predictionsSurface({
    credentials,
    accounts: {
      ...accounts,
      ...services,
      credentials,
      recoveryCodeTtlMs: options.settings.recoveryCodeTtlMs,
      providers: options.providers,
    },
    games: {
      ...services,
      games: services.gameReads,
      pools: services.poolReads,
      paths: new PoolPaths(database),
      credentials,
      legacySeconds: options.settings.legacyPlacedAtSeconds,
    },
    players: services,
    console: { ...services, database, games: services.gameReads, details: services.games, pools: services.poolReads },
  });
}
