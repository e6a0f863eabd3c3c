import { messages } from '../messages.ts';

const MONEY = new Intl.NumberFormat(messages.locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const MULTIPLIER = new Intl.NumberFormat(messages.locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const DECIMAL = new Intl.NumberFormat(messages.locale, { maximumFractionDigits: 2 });
const DATE_TIME = new Intl.DateTimeFormat(messages.locale, { dateStyle: 'medium', timeStyle: 'short' });
const TIME = new Intl.DateTimeFormat(messages.locale, { timeStyle: 'short' });
const MINUS = '\u2212';

function withMinus(text: string): string {
  return text.replace('-', MINUS);
}

/** An amount with two decimals, for example `1,000.00`. */
export function money(amount: number): string {
  return withMinus(MONEY.format(amount));
}

/** An amount with its sign, for example `+5.50` or `−2.00`. */
export function signedMoney(amount: number): string {
  return amount > 0 ? `+${MONEY.format(amount)}` : withMinus(MONEY.format(amount));
}

/** Return per unit, for example `1.33×`. */
export function multiplier(value: number): string {
  return `${MULTIPLIER.format(value)}×`;
}

export function decimal(value: number): string {
  return withMinus(DECIMAL.format(value));
}

/** Date and time of epoch milliseconds or an ISO text; a dash when unset. */
export function dateTime(at: number | string | null): string {
  const date = at === null ? undefined : new Date(at);
  return date === undefined || Number.isNaN(date.getTime()) ? '–' : DATE_TIME.format(date);
}

export function time(atMs: number): string {
  return TIME.format(new Date(atMs));
}

/** A span as `m:ss`, `h:mm:ss` from one hour, days from two days. */
export function duration(spanMs: number): string {
  const seconds = Math.max(0, Math.floor(spanMs / 1000));
  const days = Math.floor(seconds / 86_400);
  if (days >= 2) return messages.time.days(days);
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = String(seconds % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** When in a match something happened, as its clock shows it; the time of day before the match and without a start. */
export function matchTime(happenedAtMs: number, startMs: number | null): string {
  return startMs === null || happenedAtMs < startMs ? time(happenedAtMs) : duration(happenedAtMs - startMs);
}
