import { isIP } from 'node:net';
import { flag, integer, list, oneOf, text, textMap, url, type ValuesOf } from './setting-types.ts';

/** What a process may do (platform section 1). */
export const ROLES = ['api', 'resolver', 'events', 'sync', 'worker'] as const;
export type Role = (typeof ROLES)[number];

const GIB = 1024 ** 3;

/**
 * Every setting of the platform (1.1). Environment and `greenroom.config.json` use the same keys. `null` as default means "derived or absent";
 * the derivation is in settings.ts.
 */
export const platformSettings = {
  PORT: integer({ doc: 'TCP port of the HTTP server; 0 takes a free one', min: 0, max: 65_535, default: 8080 }),
  HOST: text<string | null>({
    doc: 'address to listen on; default 127.0.0.1, 0.0.0.0 when NODE_ENV=production',
    default: null,
    accepts: 'a host name or an address',
    pattern: /^[A-Za-z0-9_.:-]+$/,
    maxLength: 253,
  }),
  PUBLIC_URL: url<string | null>({
    doc: 'address under which people reach this server; derived from HOST and PORT when absent',
    protocols: ['http:', 'https:'],
    default: null,
  }),
  DATA_DIR: text({ doc: 'folder for the embedded database, secret and mails', default: './data' }),
  DATABASE_URL: url<string | null>({
    doc: 'PostgreSQL 15 or newer; absent = embedded PostgreSQL in DATA_DIR/db',
    protocols: ['postgres:', 'postgresql:'],
    default: null,
    secret: true,
  }),
  DATABASE_POOL: integer({ doc: 'database connections of this process', min: 2, max: 500, default: 16 }),
  REDIS_URL: url<string | null>({
    doc: 'Redis or Valkey for several processes; absent = in-memory bus',
    protocols: ['redis:', 'rediss:'],
    default: null,
    secret: true,
  }),
  MODULES: list({
    doc: 'modules to switch on; absent = all',
    accepts: 'names of modules, separated by commas',
    default: [],
  }),
  ROLES: list({
    doc: 'what this process does; absent = everything',
    accepts: `any of ${ROLES.join(', ')}, separated by commas`,
    item: (item) => (ROLES as readonly string[]).includes(item),
    default: ROLES,
  }),
  TRUSTED_PROXIES: list({
    doc: 'proxies whose X-Forwarded-For and X-Forwarded-Proto are believed',
    accepts: 'addresses or CIDR ranges, separated by commas',
    item: isAddressRange,
    default: [],
  }),
  CORS_ORIGINS: list({
    doc: 'origins besides PUBLIC_URL whose pages may call this server with credentials (PF-09, PF-64)',
    accepts: 'origins such as https://app.example.org, separated by commas',
    item: (item) => URL.parse(item)?.origin === item,
    default: [],
  }),
  SECRET_KEY: text<string | null>({
    doc: 'key for everything encrypted or signed; generated into DATA_DIR/secret, required when DATABASE_URL is set',
    accepts: 'at least 32 random characters',
    minLength: 32,
    default: null,
    secret: true,
  }),
  SECRET_KEY_PREVIOUS: text<string | null>({
    doc: 'the key before the last rotation, still accepted for reading',
    accepts: 'at least 32 random characters',
    minLength: 32,
    default: null,
    secret: true,
  }),
  SMTP_URL: url<string | null>({
    doc: 'mail server; absent = mails land in the outbox of the admin page and DATA_DIR/mail',
    protocols: ['smtp:', 'smtps:'],
    default: null,
    secret: true,
  }),
  MAIL_FROM: text<string | null>({
    doc: 'sender of mails; derived from PUBLIC_URL when absent',
    default: null,
    maxLength: 254,
  }),
  MOUNTS: textMap({
    doc: 'paths that are served elsewhere than their contract says (PF-01)',
    accepts: 'a JSON object of contract path and served path, such as {"/r": "/games"}',
    default: {},
  }),
  LOG_LEVEL: oneOf({
    doc: 'least level that is logged',
    of: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url<string | null>({
    doc: 'where traces are sent; absent = nowhere',
    protocols: ['http:', 'https:'],
    default: null,
  }),
  METRICS_TOKEN: text<string | null>({
    doc: 'bearer token for /metrics from other machines; absent = loopback only',
    accepts: 'at least 16 characters',
    minLength: 16,
    default: null,
    secret: true,
  }),
  SHUTDOWN_GRACE_MS: integer({
    doc: 'longest time to finish requests at a stop',
    unit: 'milliseconds',
    min: 0,
    max: 600_000,
    default: 10_000,
  }),
  EVENTS_MAX_BYTES: integer({
    doc: 'size of the event log above which the oldest partition is dropped (PF-77)',
    unit: 'bytes',
    min: 64 * 1024 ** 2,
    max: 1024 * GIB,
    default: 10 * GIB,
  }),
  HOT_CACHE_BYTES: integer({
    doc: 'memory for ready answers (PF-07)',
    unit: 'bytes',
    min: 0,
    max: 64 * GIB,
    default: 64 * 1024 ** 2,
  }),
  RATE_LIMITS: flag({
    doc: 'whether rate limits apply (PF-09); false only behind a gateway that has its own',
    default: true,
  }),
  TLS_CERT: text<string | null>({
    doc: 'PEM file with the certificate chain; with TLS_KEY the server speaks HTTPS',
    default: null,
  }),
  TLS_KEY: text<string | null>({ doc: 'PEM file with the private key of TLS_CERT', default: null }),
  NODE_ENV: text<string | null>({ doc: 'production: JSON logs, listens on all addresses', default: null }),
  GREENROOM_TEST_SERVICES: oneOf({
    doc: 'required: a test that lacks Redis or PostgreSQL fails instead of being skipped',
    of: ['required'],
    default: null,
  }),
} as const;

/** The platform's settings after derivation. */
export type PlatformSettings = Omit<ValuesOf<typeof platformSettings>, 'HOST' | 'PUBLIC_URL' | 'ROLES'> & {
  readonly HOST: string;
  /** Without trailing slash. With PORT=0 it is only right after the start has taken a port. */
  readonly PUBLIC_URL: string;
  readonly ROLES: readonly Role[];
};

function isAddressRange(item: string): boolean {
  const [address = '', prefix, ...rest] = item.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
