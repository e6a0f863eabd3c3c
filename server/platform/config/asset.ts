import { join, resolve } from 'node:path';

/**
 * A file or folder that comes with the program, by its path in the repository (`console/dist`, `server/migrations`). The build copies assets
 * into `dist` under the same paths, so the same call works from the sources and from the packed program (DESIGN M13).
 */
export function asset(path: string): string {
  return join(resolve(import.meta.dirname, '../../..'), path);
}
