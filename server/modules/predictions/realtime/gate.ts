import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Sessions } from '../../../platform/accounts/sessions.ts';
import { principalOf } from '../../../platform/accounts/sessions.ts';
import type { AccountPrincipal } from '../../../platform/accounts/types.ts';
import { KEY_KINDS } from '../service/keys.ts';
import { isUuid } from '../service/store.ts';

const MOST_NONCE_CHARS = 256;

/** What a connection URL carries (WS1). */
export interface Handshake {
  /** As sent: the digest is over these very bytes (WS2). */
  id: string;
  nonce: string;
  digest: string;
  /** Source whose audience the connection joins [X]. */
  sourceId: string | null;
}

/** Whether a query is meant for the opcode wire: then `/` is its path too (PF-01). */
export function carriesHandshake(query: URLSearchParams): boolean {
  return query.has('id') && query.has('n') && query.has('h');
}

/** Reads `id`, `n`, `h`, `s` of the URL; null when one of the first three cannot be. */
export function readHandshake(url: string): Handshake | null {
  const query = new URL(url, 'http://localhost').searchParams;
  const id = query.get('id') ?? '';
  const nonce = query.get('n') ?? '';
  const digest = (query.get('h') ?? '').toLowerCase();
  if (
    !isUuid(id) ||
    nonce === '' ||
    nonce.length > MOST_NONCE_CHARS ||
    nonce.includes('\u0000') ||
    !/^[0-9a-f]{64}$/.test(digest)
  )
    return null;
  return { id, nonce, digest, sourceId: query.get('s') };
}

/** Whether a digest is right for a key: SHA-256 of id, nonce, key (WS2), or HMAC-SHA-256 of id and nonce under the key (WS3). Constant time. */
export function isDigestOf(key: string, id: string, nonce: string, digest: string): boolean {
  const given = Buffer.from(digest, 'hex');
  const plain = createHash('sha256').update(id).update(nonce).update(key).digest();
  const keyed = createHmac('sha256', key)
    .update(id + nonce)
    .digest();
  // Both are always compared, so that time does not tell which form was nearly right.
  const isPlain = timingSafeEqual(given, plain);
  const isKeyed = timingSafeEqual(given, keyed);
  return isPlain || isKeyed;
}

/** The account behind a handshake: its digest is tried with every live key (WS5). Null when none fits. */
export async function authenticate(
  sessions: Sessions,
  handshake: Handshake,
  address: string,
): Promise<{ principal: AccountPrincipal; isAdminKey: boolean } | null> {
  const keys = await sessions.readableSecrets(handshake.id.toLowerCase(), KEY_KINDS);
  let found: (typeof keys)[number] | undefined;
  for (const key of keys) if (isDigestOf(key.secret, handshake.id, handshake.nonce, handshake.digest)) found ??= key;
  const record = found && (await sessions.resolveById(found.kind, found.id));
  return record
    ? { principal: principalOf(record, 'session_key', address), isAdminKey: record.kind === KEY_KINDS[1] }
    : null;
}
