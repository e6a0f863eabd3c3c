import type { Writable } from 'node:stream';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Logger } from '../ports.ts';

/** Fields that are never written, wherever they stand up to three levels deep (DESIGN 7). */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  '["set-cookie"]',
  'password',
  'passwordHash',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'api_key',
  'secret',
  'secretKey',
  'SECRET_KEY',
  'SECRET_KEY_PREVIOUS',
  'METRICS_TOKEN',
  'DATABASE_URL',
  'REDIS_URL',
  'SMTP_URL',
  'connectionString',
  'otp',
  'code_verifier',
];

const below = (prefix: string, field: string) => (field.startsWith('[') ? prefix + field : `${prefix}.${field}`);
const REDACTED = SECRET_FIELDS.flatMap((field) => [
  field,
  below('*', field),
  below('*.*', field),
  below('req.headers', field),
]);

/** Structured logs: one JSON object a line in production, readable on a terminal (platform section 1). */
export function createLogger(options: {
  level: string;
  /** Readable lines instead of JSON; the caller knows whether a person looks. */
  readable: boolean;
  /** Default: standard output. */
  destination?: Writable;
}): Logger {
  const settings = { level: options.level, redact: { paths: REDACTED, censor: '[redacted]' }, base: undefined };
  if (!options.readable) return pino(settings, options.destination ?? pino.destination({ dest: 1, sync: false }));
  const stream = pretty({
    translateTime: 'SYS:HH:MM:ss.l',
    ...(options.destination ? { destination: options.destination } : {}),
  });
  return pino(settings, stream);
}
