/** Why the embedded PostgreSQL cannot be used; stable, for tests and `doctor`. */
export type EmbeddedFault =
  /** Another process owns the data folder. */
  | 'already-running'
  /** No PostgreSQL binaries for this platform, or they do not run here. */
  | 'unsupported-platform'
  /** The data folder cannot be used: missing right, foreign owner, not a PostgreSQL folder. */
  | 'unusable-folder'
  /** The data folder belongs to another major version of PostgreSQL (PF-50). */
  | 'other-major'
  /** No user that PostgreSQL accepts (it refuses root) can reach the data folder. */
  | 'no-account'
  /** PostgreSQL was started and ended. */
  | 'start-failed';

/** sysexits.h: 75 says "try again later", 78 says "change something first". */
const EXIT_CODES: Record<EmbeddedFault, 75 | 78> = {
  'already-running': 75,
  'unsupported-platform': 78,
  'unusable-folder': 78,
  'other-major': 78,
  'no-account': 78,
  'start-failed': 75,
};

/** The embedded PostgreSQL cannot be used. The message is for the operator, names paths and says what to do. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedFault;
  /** What the process should exit with when this ends its start. */
  readonly exitCode: 75 | 78;

  constructor(code: EmbeddedFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
    this.exitCode = EXIT_CODES[code];
  }
}

/** The other way to run, said wherever the embedded one is impossible. */
export const DATABASE_URL_HINT =
  'Set DATABASE_URL to a PostgreSQL 15 or newer instead, for example postgres://greenroom:secret@localhost/greenroom.';

/** The code of a system error (`ENOENT`), if it is one. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
