import type { RestClient } from '../rest.ts';

export interface Account {
  id: string;
  number: number;
  username: string;
  email: string | null;
  email_verified: boolean;
  grants: string[];
  second_factor: boolean;
}

export interface Session {
  id: string;
  kind: string;
  created_at: number | string;
  last_seen_at: number | string;
  address: string | null;
  agent: string | null;
  current: boolean;
}

export interface LiveThing {
  title: string;
  path: string;
  status: string;
  detail: string | null;
}

export interface ModuleOverview {
  name: string;
  title: string;
  path: string;
  live: LiveThing[];
}

export interface Overview {
  version: string;
  modules: ModuleOverview[];
  first_run: boolean;
}

export interface SecondFactorState {
  enabled: boolean;
  pending: boolean;
  recovery_codes_left: number;
}

export interface SecondFactorSecret {
  /** Base32, for typing into an authenticator app. */
  secret: string;
  /** `otpauth:` address of the same secret. */
  uri: string;
}

export interface SignIn {
  username: string;
  password: string;
  otp?: string | undefined;
}

export interface Registration {
  username: string;
  email: string;
  password: string;
  /** Challenge id of the person who invited (predictions FR1). */
  invite_id?: string | undefined;
}

/** `/account/api`: the platform's sign-in, sessions, and what is live. Every method throws ApiError or NetworkError. */
export class AccountApi {
  readonly #rest: RestClient;

  constructor(rest: RestClient) {
    this.#rest = rest;
  }

  /** Who is signed in; `null` for nobody. */
  async me(signal?: AbortSignal): Promise<Account | null> {
    return (await this.#rest.get<{ account: Account | null }>('/account/api/me', { signal })).account;
  }

  async signIn(signIn: SignIn): Promise<Account> {
    return (await this.#rest.post<{ account: Account }>('/account/api/sign-in', signIn)).account;
  }

  async register(registration: Registration): Promise<Account> {
    return (await this.#rest.post<{ account: Account }>('/account/api/register', registration)).account;
  }

  async signOut(): Promise<void> {
    await this.#rest.post('/account/api/sign-out');
  }

  async signOutEverywhere(): Promise<void> {
    await this.#rest.post('/account/api/sign-out-everywhere');
  }

  async sessions(signal?: AbortSignal): Promise<Session[]> {
    return (await this.#rest.get<{ sessions: Session[] }>('/account/api/sessions', { signal })).sessions;
  }

  async revokeSession(id: string): Promise<void> {
    await this.#rest.delete(`/account/api/sessions/${encodeURIComponent(id)}`);
  }

  async changePassword(current: string, password: string): Promise<void> {
    await this.#rest.post('/account/api/password', { current, password });
  }

  /** Mails a recovery link; answers the same whether or not the account exists. */
  async recover(username: string): Promise<void> {
    await this.#rest.post('/account/api/recover', { username });
  }

  /** Sets a new password with the code of the mail; all sessions end (PF-72). */
  async resetPassword(email: string, code: string, password: string): Promise<void> {
    await this.#rest.post('/account/api/reset', { email, code, password });
  }

  secondFactor(signal?: AbortSignal): Promise<SecondFactorState> {
    return this.#rest.get('/account/api/second-factor', { signal });
  }

  /** Makes a secret for an authenticator app; it counts once `confirmSecondFactor` has seen a code. */
  beginSecondFactor(): Promise<SecondFactorSecret> {
    return this.#rest.post('/account/api/second-factor/begin');
  }

  /** @returns one-time recovery codes, shown only now */
  async confirmSecondFactor(code: string): Promise<string[]> {
    const answer = await this.#rest.post<{ recovery_codes: string[] }>('/account/api/second-factor/confirm', { code });
    return answer.recovery_codes;
  }

  async disableSecondFactor(code: string, password: string): Promise<void> {
    await this.#rest.post('/account/api/second-factor/disable', { code, password });
  }

  overview(signal?: AbortSignal): Promise<Overview> {
    return this.#rest.get<Overview>('/account/api/overview', { signal });
  }
}
