import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorCode } from './errors.ts';

/** A process of this machine, so named that another process with the same number is not taken for it. */
export interface ProcessIdentity {
  pid: number;
  /** Differs between two processes that had the same pid; empty when the system does not tell. */
  startedAt: string;
}

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, startedAt: (await startOf(process.pid)) ?? '' };
}

/** Whether this very process still runs. One whose start cannot be read counts as running: nothing is taken from it. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  const startedAt = await startOf(identity.pid);
  if (startedAt === undefined) return false;
  return startedAt === '' || identity.startedAt === '' || startedAt === identity.startedAt;
}

/** When the process with this pid started, in a form only good for comparing; undefined when there is none (a zombie is none). */
export async function startOf(pid: number): Promise<string | undefined> {
  if (!exists(pid)) return undefined;
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

function exists(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

async function startFromProc(pid: number): Promise<string | undefined> {
  try {
    const [stat, bootId] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The command in parentheses may hold anything; the fields after it are: state (3rd), ..., start in clock ticks since boot (22nd).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${bootId.slice(0, 8)}.${fields[19]}`;
  } catch (error) {
    // Gone meanwhile, or hidden from us (hidepid).
    return exists(pid) && errorCode(error) !== 'ESRCH' ? '' : undefined;
  }
}

async function startFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') ? undefined : started.join('-');
  } catch {
    return exists(pid) ? '' : undefined;
  }
}
