import type { Authority } from '../../../platform/accounts/types.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { EventRef } from '../../../platform/events/types.ts';
import type { Timers } from '../../../platform/jobs/timers.ts';
import type { Ports } from '../../../platform/ports.ts';
import type { AmountLimits } from '../rules/money.ts';

/** Settings of the module (contract 2.1), read once at start. Durations in ms, money in hundredths. */
export interface PredictionsSettings {
  sessionKeyTtlMs: number;
  reconnectWindowMs: number;
  requireLogon: boolean;
  adminOpsNeedAdminKey: boolean;
  recoveryCodeTtlMs: number;
  /** 0 = no second listener (PF-62). */
  wsPort: number;
  chatMaxChars: number;
  keysPerUser: number;
  initialGrant: bigint;
  currencies: readonly string[];
  limits: AmountLimits;
  maxGameAdmins: number;
  expiryGraceMs: number;
  eventFutureSkewMs: number;
  legacyPlacedAtSeconds: boolean;
  wsMaxMessageBytes: number;
}

/** What every service of the module is made of. */
export interface ServiceDeps {
  database: Database;
  ports: Ports;
  timers: Timers;
  authority: Authority;
  settings: PredictionsSettings;
}

/**
 * What an operation that changes something gives back: the body of its direct answer, and the events it has appended, in order, so that a wire can send
 * them to a caller who has not joined the game (WC3). `cause` marks what follows later (settlements).
 */
export interface Done<Body extends object = Record<string, unknown>> {
  body: Body;
  events: readonly EventRef[];
  cause?: string;
}
