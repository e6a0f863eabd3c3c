import { createHash } from 'node:crypto';

/** An answer that is data must never run, be framed or load anything. */
export const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Headers of every answer (PF-09) besides its content policy, name, value, name, value. `https` adds HSTS. */
export function securityHeaders(options: { https: boolean }): readonly string[] {
  return [
    'X-Content-Type-Options',
    'nosniff',
    'Referrer-Policy',
    'same-origin',
    ...(options.https ? ['Strict-Transport-Security', 'max-age=31536000'] : []),
  ];
}

/**
 * The policy of a page: scripts only from this server. Inline scripts of built pages (the docs) are allowed by their hash alone. Inline styles
 * stay allowed: the console's component library writes its styles at run time.
 */
export function pagePolicy(html: string): string {
  const hashes = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    (match) => ` 'sha256-${createHash('sha256').update(match[1]!).digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self'${hashes.join('')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob: https:",
    "media-src 'self' blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
