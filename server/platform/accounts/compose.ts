import type { Secrets } from '../config/secrets.ts';
import type { Database } from '../database/types.ts';
import type { Mailer } from '../mail/types.ts';
import type { Ports } from '../ports.ts';
import { Access } from './access.ts';
import { Accounts } from './accounts.ts';
import { Authenticator } from './authenticator.ts';
import { purgeFailures } from './failures.ts';
import { CODE_LIFETIMES, type CodeLifetimes, purgeCodes } from './one-time-codes.ts';
import { PasswordProof } from './password-proof.ts';
import { type PasswordOptions, Passwords } from './passwords.ts';
import { Recovery } from './recovery.ts';
import { SecondFactor } from './second-factor.ts';
import { Sessions, type SessionsOptions } from './sessions.ts';
import { SignIn } from './sign-in.ts';

export interface AccountServicesOptions {
  database: Database;
  ports: Pick<Ports, 'clock' | 'ids' | 'random'>;
  secrets: Secrets;
  mailer: Mailer;
  publicUrl: string;
  passwords?: PasswordOptions;
  codeLifetimes?: Partial<CodeLifetimes>;
  sessionCache?: SessionsOptions['cache'];
}

/** Everything around accounts, put together once (DESIGN 2). Call `access.start(feed)` before serving. */
export interface AccountServices {
  access: Access;
  sessions: Sessions;
  accounts: Accounts;
  signIn: SignIn;
  recovery: Recovery;
  secondFactor: SecondFactor;
  authenticator: Authenticator;
  /** Removes what nobody can use any more; to be called now and then by one process. */
  purge(): Promise<void>;
}

export function createAccountServices(options: AccountServicesOptions): AccountServices {
  const { database, ports, secrets, mailer, publicUrl } = options;
  const access = new Access();
  const passwords = new Passwords(options.passwords);
  const proof = new PasswordProof({ database, clock: ports.clock, passwords });
  const sessions = new Sessions({ database, ports, secrets, access, cache: options.sessionCache });
  const secondFactor = new SecondFactor({ database, ports, secrets, proof, issuer: 'Greenroom' });
  const lifetimes = { ...CODE_LIFETIMES, ...options.codeLifetimes };
  const recovery = new Recovery({ database, ports, passwords, sessions, mailer, lifetimes, publicUrl });
  return {
    access,
    sessions,
    secondFactor,
    recovery,
    accounts: new Accounts({ database, ports, passwords, proof, sessions, recovery, access, mailer }),
    signIn: new SignIn({ proof, secondFactor }),
    authenticator: new Authenticator(sessions),
    async purge() {
      while ((await sessions.purgeExpired()) > 0);
      await purgeFailures(database, ports.clock.now());
      await purgeCodes(database, ports.clock.now());
    },
  };
}
