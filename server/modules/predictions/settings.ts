import { duration, flag, integer, list, text, type ValuesOf } from '../../platform/config/setting-types.ts';
import { readAmount } from './rules/money.ts';
import type { PredictionsSettings } from './service/deps.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Settings of the module (contract 2.1): `modules.predictions.<key>` in the file, `GREENROOM_PREDICTIONS_<KEY>` in the environment (PF-78). */
export const predictionsSettings = {
  session_key_ttl: duration({
    doc: 'how long a session key lives',
    minMs: MINUTE_MS,
    maxMs: 365 * 24 * HOUR_MS,
    default: 24 * HOUR_MS,
  }),
  reconnect_window: duration({
    doc: 'how long a dropped connection keeps its games',
    minMs: 0,
    maxMs: 24 * HOUR_MS,
    default: 15 * MINUTE_MS,
  }),
  require_logon: flag({ doc: 'whether op 100 must come before others', default: false }),
  admin_ops_need_admin_key: flag({
    doc: 'whether D, S and G ops need a connection opened with the admin key',
    default: false,
  }),
  recovery_code_ttl: duration({
    doc: 'how long a recovery code is good',
    minMs: MINUTE_MS,
    maxMs: 7 * 24 * HOUR_MS,
    default: HOUR_MS,
  }),
  ws_port: integer({
    doc: 'second listener for websockets only, as the documented clients expect at 9999; 0 = none',
    min: 0,
    max: 65_535,
    default: 0,
  }),
  ws_max_message: integer({
    doc: 'largest websocket message that is read; one of up to twice that is refused, a larger one ends the connection',
    unit: 'bytes',
    min: 1_024,
    max: 1_048_576,
    default: 64 * 1_024,
  }),
  chat_max_chars: integer({ doc: 'most characters of a chat message', min: 1, max: 10_000, default: 500 }),
  keys_per_user: integer({
    doc: 'live session keys of one user; beyond it the oldest dies',
    min: 1,
    max: 1_000,
    default: 10,
  }),
  initial_grant: text({
    doc: 'play money a new player gets in each currency',
    accepts: 'an amount above 0 with at most 2 decimals',
    pattern: /^\d{1,12}(\.\d{1,2})?$/,
    default: '1000.00',
  }),
  currencies: list({
    doc: 'play currencies',
    accepts: 'short names, separated by commas',
    item: (item) => /^[A-Z]{2,8}$/.test(item),
    default: ['DON'],
  }),
  min_bet: text({
    doc: 'smallest bet',
    accepts: 'an amount above 0 with at most 2 decimals',
    pattern: /^\d{1,12}(\.\d{1,2})?$/,
    default: '0.01',
  }),
  max_bet: text<string | null>({
    doc: 'largest bet; absent = none',
    accepts: 'an amount above 0 with at most 2 decimals',
    pattern: /^\d{1,12}(\.\d{1,2})?$/,
    default: null,
  }),
  max_game_admins: integer({ doc: 'game admins a game may have', min: 1, max: 1_000, default: 10 }),
  expiry_grace_ms: integer({
    doc: 'time after finish_at in which events that happened before it still count',
    unit: 'milliseconds',
    min: 0,
    max: HOUR_MS,
    default: 0,
  }),
  event_future_skew_ms: integer({
    doc: 'how far ahead of our clock an event may be dated',
    unit: 'milliseconds',
    min: 0,
    max: HOUR_MS,
    default: 5_000,
  }),
  legacy_placed_at_seconds: flag({
    doc: 'whether placed_at is told in whole seconds, as the oldest clients expect',
    default: false,
  }),
  poll_feeds: list({
    doc: 'JSON feeds the Event server reads by itself',
    accepts: 'http or https addresses, separated by commas',
    item: (item) => /^https?:$/.test(URL.parse(item)?.protocol ?? ''),
    default: [],
  }),
} as const;

/** The settings as services use them: money in hundredths. */
export function readPredictionsSettings(values: ValuesOf<typeof predictionsSettings>): PredictionsSettings {
  return {
    sessionKeyTtlMs: values.session_key_ttl,
    reconnectWindowMs: values.reconnect_window,
    requireLogon: values.require_logon,
    adminOpsNeedAdminKey: values.admin_ops_need_admin_key,
    recoveryCodeTtlMs: values.recovery_code_ttl,
    wsPort: values.ws_port,
    chatMaxChars: values.chat_max_chars,
    keysPerUser: values.keys_per_user,
    initialGrant: amount(values.initial_grant),
    currencies: values.currencies,
    limits: { minBet: amount(values.min_bet), maxBet: values.max_bet === null ? null : amount(values.max_bet) },
    maxGameAdmins: values.max_game_admins,
    expiryGraceMs: values.expiry_grace_ms,
    eventFutureSkewMs: values.event_future_skew_ms,
    legacyPlacedAtSeconds: values.legacy_placed_at_seconds,
    wsMaxMessageBytes: values.ws_max_message,
  };
}

function amount(text: string): bigint {
  const reading = readAmount(text);
  if (!reading.ok) throw new Error(`an amount of the settings must be above 0: ${text}`);
  return reading.amount;
}
