import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SeededRandom } from '../../server/platform/testing/random.ts';
import type { TestServer } from '../support/server.ts';

/**
 * What is killed: the server, its PostgreSQL, one session of it (which makes PostgreSQL recover as a whole), both, a server that is just
 * starting, or a server that was frozen first, so that commits under way end without anybody to hear of them.
 */
export const VICTIMS = ['server', 'postmaster', 'backend', 'both', 'starting', 'frozen'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Pid of the embedded PostgreSQL of a data folder. */
export function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'db', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

const FROZEN_MS = 40;

/** SIGKILL, to the very processes that were started here. Returns what it hit; undefined when it was gone already. */
export async function strike(victim: Victim, server: TestServer, random: SeededRandom): Promise<Victim | undefined> {
  switch (victim) {
    case 'frozen':
      server.signal('SIGSTOP');
      await pause(FROZEN_MS);
      server.signal('SIGKILL');
      return victim;
    case 'server':
    case 'starting':
      server.signal('SIGKILL');
      return victim;
    case 'postmaster':
      return killed(postmasterPid(server)) ? victim : undefined;
    case 'both': {
      const pid = postmasterPid(server);
      server.signal('SIGKILL');
      return killed(pid) ? victim : 'server';
    }
    case 'backend': {
      const sessions = childrenOf(postmasterPid(server)).filter((child) => /^postgres:.*greenroom/.test(child.title));
      return sessions.length > 0 && killed(random.pick(sessions).pid) ? victim : undefined;
    }
  }
}

function postmasterPid(server: TestServer): number | undefined {
  try {
    return postmasterOf(server.dataDir);
  } catch {
    // It is just being started again.
    return undefined;
  }
}

function killed(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function childrenOf(parent: number | undefined): { pid: number; title: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    try {
      const ppid = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]);
      return ppid === parent ? [{ pid: Number(name), title: readFileSync(`/proc/${name}/cmdline`, 'utf8') }] : [];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  });
}
