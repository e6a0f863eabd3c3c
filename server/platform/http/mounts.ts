import { EXIT_CONFIG, StartFault } from '../config/start-fault.ts';
import type { Surface } from './types.ts';

/** Where a path belongs. */
export interface Mount {
  surface: Surface;
  /** A page of the console, not an API path (PF-61). */
  page: boolean;
}

/** Never routed: where requests for a path go that was moved away. */
export const NOWHERE = '/.nowhere';

/** Two surfaces claim one path, or a mount is not well-formed: the server does not start (PF-01). */
export class MountFault extends StartFault {
  constructor(message: string) {
    super(EXIT_CONFIG, `MOUNTS: ${message}`);
  }
}

/** Who owns which path (PF-01, PF-60): exact beats prefix, the deeper prefix wins, prefixes end at a segment. */
export interface Mounts {
  /** Owner of a path as routes know it (after `rewrite`). */
  ownerOf(path: string): Mount | null;
  /** Path as routes know it: aliases and moved mounts are translated; the input itself when there is nothing to translate. */
  rewrite(path: string): string;
}

/**
 * Builds the table. `moved` is the `mount` setting: `{ '/r': '/games' }` serves at `/games` what the contract puts at `/r`, and nothing at `/r`.
 * @throws MountFault when two surfaces claim the same path.
 */
export function buildMounts(surfaces: readonly Surface[], moved: Readonly<Record<string, string>> = {}): Mounts {
  const routed = new PathTable();
  const open = new PathTable();
  const rewrites: [from: string, to: string][] = [];
  const movedAway: string[] = [];
  for (const surface of surfaces) {
    for (const path of surface.paths) {
      const mount = { surface, page: false };
      routed.claim(path, mount);
      const to = moved[path];
      open.claim(to === undefined ? path : samePrefixKind(path, to), mount);
      if (to !== undefined) {
        rewrites.push([bare(to), bare(path)]);
        movedAway.push(bare(path));
      }
    }
    for (const [alias, path] of Object.entries(surface.aliases ?? {})) {
      if (routed.find(bare(path))?.surface !== surface)
        throw new MountFault(`${surface.owner}: alias ${alias} leads to ${path}, not its own`);
      open.claim(alias, { surface, page: false });
      rewrites.push([bare(alias), bare(path)]);
    }
    for (const page of surface.pages ?? []) {
      routed.claim(page, { surface, page: true });
      open.claim(page, { surface, page: true });
    }
  }
  const unknown = Object.keys(moved).find((path) => !surfaces.some((surface) => surface.paths.includes(path)));
  if (unknown !== undefined) throw new MountFault(`the mount setting moves ${unknown}, which no module owns`);
  // The longest prefix first, so that the deeper one wins.
  rewrites.sort((a, b) => b[0].length - a[0].length);
  return {
    ownerOf: (path) => routed.find(path),
    rewrite(path) {
      for (const [from, to] of rewrites) if (isBelow(path, from)) return to + path.slice(from.length);
      for (const away of movedAway) if (isBelow(path, away) && open.find(path) === null) return NOWHERE;
      return path;
    },
  };
}

/** True when `path` is `prefix` or below it; `/races` is not below `/r`. */
export function isBelow(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f);
}

function bare(path: string): string {
  return path.startsWith('=') ? path.slice(1) : path;
}

function samePrefixKind(original: string, to: string): string {
  return original.startsWith('=') ? `=${bare(to)}` : bare(to);
}

class PathTable {
  readonly #exact = new Map<string, Mount>();
  readonly #prefixes = new Map<string, Mount>();

  claim(notation: string, mount: Mount): void {
    const path = bare(notation);
    const root = notation === '=/';
    if (!root && !/^(\/[A-Za-z0-9._~-]+)+$/.test(path.replace(/(?<=.)\/$/, ''))) {
      throw new MountFault(`${mount.surface.owner}: ${notation} is no path of the form /a/b or =/a/b`);
    }
    const table = notation.startsWith('=') ? this.#exact : this.#prefixes;
    const key = root ? '/' : path.replace(/\/$/, '');
    const other = table.get(key);
    if (other) throw new MountFault(`${mount.surface.owner} and ${other.surface.owner} both claim ${notation}`);
    table.set(key, mount);
  }

  find(asked: string): Mount | null {
    const path = asked.length > 1 && asked.endsWith('/') ? asked.slice(0, -1) : asked;
    const exact = this.#exact.get(path);
    if (exact) return exact;
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const mount = this.#prefixes.get(path.slice(0, end));
      if (mount) return mount;
    }
    return null;
  }
}
