import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { type ReadyAnswer, readyAnswer, strongEtag } from '../cache/hot.ts';
import { pagePolicy } from './security-headers.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml; charset=utf-8',
  '.wasm': 'application/wasm',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
};

/** A folder of built files, answered from memory: what is not in its table does not exist, so no path can leave the folder. */
export interface Site {
  /** The file at a path of this server. */
  find(path: string): ReadyAnswer | undefined;
  /** The page for every path that the site's own script routes. */
  readonly index: ReadyAnswer | undefined;
}

/** Below this folder of a site the names carry a hash of the content. */
const HASHED_FOLDER = 'assets';

/**
 * Reads a built folder (the console, the docs) into memory. `prefix` is where it stands on the server (`''` for the root). An absent folder is an
 * empty site. A folder answers its `index.html`, with and without trailing slash.
 */
export function loadSite(folder: string, prefix = ''): Site {
  const answers = new Map<string, ReadyAnswer>();
  for (const file of listFiles(folder)) {
    const name = file.split(sep).join('/');
    const answer = readAnswer(join(folder, file), name.split('/')[0] === HASHED_FOLDER, `${prefix}/*`);
    answers.set(`${prefix}/${name}`, answer);
    if (name === 'index.html' || name.endsWith('/index.html')) {
      const directory = `${prefix}/${name}`.slice(0, -'/index.html'.length);
      answers.set(directory, answer);
      answers.set(`${directory}/`, answer);
    } else if (name.endsWith('.html')) {
      answers.set(`${prefix}/${name.slice(0, -'.html'.length)}`, answer);
    }
  }
  // The root is a route of its own, since it answers JSON when asked (PF-61).
  const index = answers.get(`${prefix}/index.html`);
  if (prefix === '') for (const path of ['', '/', '/index', '/index.html']) answers.delete(path);
  return { find: (path) => answers.get(path), index };
}

/** Several sites as one, the first that has a path answers; the first gives the index. */
export function joinSites(sites: readonly Site[]): Site {
  return {
    find(path) {
      for (const site of sites) {
        const found = site.find(path);
        if (found) return found;
      }
      return undefined;
    },
    index: sites[0]?.index,
  };
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readAnswer(path: string, hashed: boolean, route: string): ReadyAnswer {
  const body = readFileSync(path);
  const type = TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
  const etag = strongEtag(body);
  const headers = [
    'Content-Type',
    type,
    'ETag',
    etag,
    'Cache-Control',
    hashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'Content-Security-Policy',
    pagePolicy(type.startsWith('text/html') ? body.toString() : ''),
  ];
  return readyAnswer({ body, etag, headers, route });
}
