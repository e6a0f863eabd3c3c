import { invalidParameter } from './errors.ts';
import { isStorable } from './input.ts';

/** Where a player goes after login (AU9). */
const PLAY_PAGE = '/i/play';
const MOST_NEXT_CHARS = 2_000;
/** Characters a name may hold when it is set here (AU1). */
const USERNAME = /^[A-Za-z0-9._-]{3,32}$/;
const EMAIL = /^[^\s@]{1,64}@[^\s@]+$/;
const MOST_EMAIL_CHARS = 254;
const PASSWORD_CHARS = { least: 8, most: 128 } as const;
/** One leading slash, then anything but backslashes, white space or control characters (browsers drop or turn them). */
const SAME_SITE_PATH = /^\/[^\\\s\p{Cc}]*$/u;

/** Checks a name somebody wants to have (AU1) and gives it back as typed. Throws 6607. */
export function planUsername(username: string, name = 'username'): string {
  if (!USERNAME.test(username))
    throw invalidParameter(name, 'A username has 3 to 32 letters, digits, dots, dashes or underscores.');
  return username;
}

/** Checks a new password's length in characters (AU1). Throws 6607. */
export function planPassword(password: string, name = 'password'): string {
  const { length } = [...password];
  if (length < PASSWORD_CHARS.least || length > PASSWORD_CHARS.most || !isStorable(password)) {
    throw invalidParameter(name, `A password has ${PASSWORD_CHARS.least} to ${PASSWORD_CHARS.most} characters.`);
  }
  return password;
}

/** Checks the form of an e-mail address (AU1) and gives it back trimmed. Throws 6607. */
export function planEmail(email: string, name = 'email'): string {
  const trimmed = email.trim();
  if (!EMAIL.test(trimmed) || trimmed.length > MOST_EMAIL_CHARS || !isStorable(trimmed)) {
    throw invalidParameter(name, 'This is not an e-mail address.');
  }
  return trimmed;
}

/** `redirect_url` of a login; `next` is kept only when it is a path of this site, else dropped silently (AU9). */
export function redirectUrl(next: unknown): string {
  return typeof next === 'string' && isSameSitePath(next) ? `${PLAY_PAGE}?next=${encodeURIComponent(next)}` : PLAY_PAGE;
}

function isSameSitePath(next: string): boolean {
  return next.length <= MOST_NEXT_CHARS && next.isWellFormed() && SAME_SITE_PATH.test(next) && !next.includes('//');
}
