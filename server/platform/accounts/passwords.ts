import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Unavailable } from '../errors.ts';
import type { FieldFault } from './names.ts';

const MIN_CHARS = 8;
const MAX_CHARS = 128;

export interface PasswordParameters {
  memoryKiB: number;
  passes: number;
  lanes: number;
}

/** PF-11's floor. When it rises, hashes are renewed as their owners sign in. */
export const PASSWORD_PARAMETERS: PasswordParameters = { memoryKiB: 19_456, passes: 2, lanes: 1 };

export interface PasswordOptions {
  parameters?: PasswordParameters;
  /** Hashes at once in this process: the rest of libuv's threads stay free for files and names (PF-11). */
  hashesAtOnce?: number;
  /** Callers that may wait for their turn; further ones are sent away. */
  waitingAtMost?: number;
}

/** Password hashing by argon2id, a few at once (PF-11; docs/decisions/0020-passwords.md). */
export class Passwords {
  readonly #parameters: PasswordParameters;
  readonly #waitingAtMost: number;
  readonly #waiting: (() => void)[] = [];
  /** Verified when there is no account, so that the answer takes as long; nothing matches it. */
  readonly #nobody: string;
  #free: number;

  constructor(options: PasswordOptions = {}) {
    this.#parameters = options.parameters ?? PASSWORD_PARAMETERS;
    this.#free = options.hashesAtOnce ?? 2;
    this.#waitingAtMost = options.waitingAtMost ?? 256;
    const { memoryKiB, passes, lanes } = this.#parameters;
    const part = (length: number) => randomBytes(length).toString('base64').replaceAll('=', '');
    this.#nobody = `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${part(16)}$${part(32)}`;
  }

  /**
   * Runs `fn`, which may hash, when one of the few places is free.
   * @throws Unavailable `busy` when too many wait already.
   */
  async inTurn<T>(fn: (hasher: Hasher) => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else if (this.#waiting.length >= this.#waitingAtMost) {
      throw new Unavailable('busy', 'Too many people are signing in just now. Try again in a moment.', 2000);
    } else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await fn({
        hash: (password) => this.#hash(password),
        verify: (stored, password) => this.#verify(stored, password),
      });
    } finally {
      // The place is handed on without becoming free: nobody can slip in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  #hash(password: string): Promise<string> {
    const { memoryKiB, passes, lanes } = this.#parameters;
    return hash(prepared(password), { memoryCost: memoryKiB, timeCost: passes, parallelism: lanes, outputLen: 32 });
  }

  async #verify(stored: string | null, password: string): Promise<{ right: boolean; stale: boolean }> {
    const matches = await verify(stored ?? this.#nobody, prepared(password));
    if (stored === null || !matches) return { right: false, stale: false };
    const { memoryCost, timeCost } = parseOptions(stored);
    return { right: true, stale: memoryCost < this.#parameters.memoryKiB || timeCost < this.#parameters.passes };
  }
}

export interface Hasher {
  hash(password: string): Promise<string>;
  /** `stored` null: takes as long and is never right. `stale`: the hash is weaker than new ones. */
  verify(stored: string | null, password: string): Promise<{ right: boolean; stale: boolean }>;
}

/** Faults of a new password (PF-67: one rule for all routes). Characters are code points. */
export function passwordFaults(password: string, field = 'password'): FieldFault[] {
  const chars = [...password].length;
  return chars >= MIN_CHARS && chars <= MAX_CHARS
    ? []
    : [{ field, message: `Use ${MIN_CHARS} to ${MAX_CHARS} characters.` }];
}

/** The same password typed on another system may arrive in another Unicode form. */
function prepared(password: string): string {
  return password.normalize('NFKC');
}
