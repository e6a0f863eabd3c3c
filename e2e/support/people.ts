import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { Seen } from './fixture.ts';
import { connect, type Handshake, type OpcodeClient } from './opcode-client.ts';
import type { TestServer } from './server.ts';

const PASSWORD = 'correct horse battery';

export interface RestAnswer {
  status: number;
  body: Readonly<Record<string, unknown>>;
  headers: Headers;
}

/** A browser's part of the protocol: cookies, and the cross-site token that goes with them (AU6, AU7). */
export class RestClient {
  readonly #server: () => TestServer;
  readonly cookies = new Map<string, string>();

  constructor(server: () => TestServer) {
    this.#server = server;
  }

  async call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<RestAnswer> {
    const xsrf = this.cookies.get('_xsrf');
    const response = await fetch(`${this.#server().url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(this.cookies.size === 0 ? {} : { Cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ') }),
        ...(xsrf === undefined ? {} : { 'X-XSRFToken': decodeURIComponent(xsrf) }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
  }

  async get(path: string): Promise<RestAnswer> {
    return await this.call('GET', path);
  }

  async post(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<RestAnswer> {
    return await this.call('POST', path, body, headers);
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    const value = pair.slice(at + 1);
    if (value === '' || /max-age=0(;|$)/i.test(line)) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), value);
  }
}

/** Somebody with an account, signed up by REST. */
export class Person {
  readonly rest: RestClient;
  readonly username: string;
  readonly email: string;
  readonly password = PASSWORD;
  id = '';
  sessionKey = '';
  adminKey: string | undefined;
  readonly #people: People;

  constructor(people: People, username: string) {
    this.#people = people;
    this.username = username;
    this.email = `${username}@example.org`;
    this.rest = new RestClient(() => people.server);
  }

  async signUp(inviteId?: string): Promise<this> {
    const { username, email, password } = this;
    const answer = await this.rest.post('/r/signup/', {
      ...{ username, email, password },
      ...(inviteId === undefined ? {} : { invite_id: inviteId }),
    });
    return this.#take(answer);
  }

  /** Another login, as from another device: new key and cookies. */
  async logIn(): Promise<this> {
    this.rest.cookies.clear();
    return this.#take(await this.rest.post('/r/login/', { username: this.username, password: this.password }));
  }

  /** Opens a connection; on another process of the installation when `on` is given. */
  async connect(options: Partial<Handshake> & { on?: TestServer } = {}): Promise<OpcodeClient> {
    const { on = this.#people.server, ...handshake } = options;
    const client = await connect({ ...this.handshake(on), ...handshake }, this.#people.seen);
    this.#people.clients.push(client);
    return client;
  }

  handshake(on: TestServer = this.#people.server): Handshake {
    return { wsUrl: on.wsUrl, id: this.id, key: this.sessionKey };
  }

  /** What an invitation carries (FR1). */
  async challengeId(): Promise<string> {
    const { rows } = await this.#people.database.query(
      'select challenge_id from predictions_players where account_id = $1',
      [this.id],
    );
    return (rows[0] as { challenge_id: string }).challenge_id;
  }

  #take({ status, body }: RestAnswer): this {
    assert.equal(status, 200, JSON.stringify(body));
    this.id = String(body.id);
    this.sessionKey = String(body.user_session_key);
    this.adminKey = body.admin_session_key === undefined ? undefined : String(body.admin_session_key);
    return this;
  }
}

/** The accounts and connections of a test file, on one installation. */
export class People {
  server: TestServer;
  readonly database: Pool;
  readonly clients: OpcodeClient[] = [];
  /** Collects what of the fixture was seen, when set. */
  seen: Seen | undefined;

  constructor(server: TestServer, database: Pool) {
    this.server = server;
    this.database = database;
  }

  async signUp(name: string, inviteId?: string): Promise<Person> {
    return await new Person(this, `${name}-${randomBytes(4).toString('hex')}`).signUp(inviteId);
  }

  /** Somebody who may open sources (D). */
  async signUpDeveloper(name: string): Promise<Person> {
    const person = await this.signUp(name);
    await this.grant(person, 'predictions.developer');
    return await person.logIn();
  }

  async grant(person: Person, grant: string): Promise<void> {
    await this.database.query('update accounts set grants = array_append(grants, $2) where id = $1', [
      person.id,
      grant,
    ]);
  }

  /** Every message any connection got was as declared; ends the connections. */
  async disperse(): Promise<void> {
    const clients = this.clients.splice(0);
    await Promise.all(clients.map((client) => client.close()));
    for (const client of clients) client.assertAllAsDeclared();
  }
}
