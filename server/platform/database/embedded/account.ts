import { execFile } from 'node:child_process';
import { chmod, lchown, readdir, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Binaries, copyBinaries, unsupported } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';

/**
 * As whom PostgreSQL runs; it refuses root, and `initdb` refuses a user without a name (DESIGN 3.2).
 * `self`: as this process. `account`: as another user of the machine, who owns the cluster's folder. `namespace`: as this process seen
 * from outside, as another user seen from inside a user namespace, so that rights on files stay those of this process.
 */
export type RunAs = { kind: 'self' } | { kind: 'account'; account: Account } | { kind: 'namespace'; inside: Account };

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** A command ready for `spawn`. */
export interface Command {
  file: string;
  args: string[];
  uid?: number;
  gid?: number;
}

/** The command that runs `file` as `runAs`. It replaces itself: the pid spawned is the program's. */
export function commandAs(runAs: RunAs, file: string, args: string[]): Command {
  if (runAs.kind === 'account') return { file, args, uid: runAs.account.uid, gid: runAs.account.gid };
  if (runAs.kind === 'self') return { file, args };
  const map = [`--map-user=${runAs.inside.uid}`, `--map-group=${runAs.inside.gid}`];
  return { file: 'unshare', args: ['--user', ...map, '--', file, ...args] };
}

/** Users that may run PostgreSQL for root, best first; the owners of the folders come before them. */
const ACCOUNT_NAMES = ['greenroom', 'postgres', 'nobody'];

/**
 * Decides as whom PostgreSQL runs, and from which binaries (root may need a copy that others can reach).
 * @throws EmbeddedPostgresError `no-account`, or `unsupported-platform` when the binaries run for nobody.
 */
export async function chooseAccount(options: {
  dataDir: string;
  clusterDir: string;
  binaries: Binaries;
}): Promise<{ runAs: RunAs; binaries: Binaries }> {
  const { binaries } = options;
  const accounts = await knownAccounts();
  const insider = accounts.find(({ name }) => name === 'nobody') ?? accounts.find(({ uid }) => uid !== 0);
  const namespace: RunAs | undefined = insider && { kind: 'namespace', inside: insider };
  if (process.getuid!() !== 0) {
    if (hasName()) return { runAs: { kind: 'self' }, binaries };
    if (namespace && (await runs(namespace, binaries))) return { runAs: namespace, binaries };
    throw noAccount(
      `the user with the id ${process.getuid!()} has no name on this machine. Add it to /etc/passwd, or run as a user who has one.`,
    );
  }

  const account = await preferredAccount(options, accounts);
  const asAccount: RunAs | undefined =
    account && (await canReach(options.dataDir, account)) ? { kind: 'account', account } : undefined;
  if (asAccount && (await runs(asAccount, binaries))) {
    await openFolder(options.dataDir, asAccount.account);
    return { runAs: asAccount, binaries };
  }
  const fault = await faultOf({ kind: 'self' }, binaries);
  if (fault !== undefined) throw unsupported(`${fault}.`);
  // In a namespace this process has its own rights only, not root's: a folder of somebody else stays closed to it.
  const isOurs = (await stat(options.dataDir)).uid === 0;
  if (isOurs && namespace && (await runs(namespace, binaries))) return { runAs: namespace, binaries };
  if (asAccount) {
    await openFolder(options.dataDir, asAccount.account);
    const copy = await copyBinaries(binaries, options.dataDir);
    if (await runs(asAccount, copy)) return { runAs: asAccount, binaries: copy };
  }
  throw noAccount(
    `PostgreSQL does not run as root, no other user can reach ${options.dataDir}, and this machine allows no user namespace. ` +
      'Run Greenroom as an ordinary user, or give it a DATA_DIR that other users may enter, such as /var/lib/greenroom.',
  );
}

/** Gives the cluster's folder with everything in it to whom PostgreSQL runs as. The folder itself comes last: cut off, it is done again. */
export async function giveFolder(clusterDir: string, runAs: RunAs): Promise<void> {
  const { uid, gid } = runAs.kind === 'account' ? runAs.account : { uid: process.getuid!(), gid: process.getgid!() };
  const owner = (await stat(clusterDir)).uid;
  if (owner === uid) return;
  if (process.getuid!() !== 0) {
    throw new EmbeddedPostgresError(
      'unusable-folder',
      `The folder ${clusterDir} belongs to the user with the id ${owner}, Greenroom runs as ${uid}. Run it as that user, or once as root: chown -R ${uid} ${dirname(clusterDir)}`,
    );
  }
  const entries = await readdir(clusterDir, { recursive: true, withFileTypes: true });
  for (const entry of entries) await lchown(join(entry.parentPath, entry.name), uid, gid);
  await lchown(clusterDir, uid, gid);
}

function noAccount(reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'no-account',
    `The embedded PostgreSQL cannot start: ${reason} Or set DATABASE_URL to a PostgreSQL that runs already.`,
  );
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false; // no entry in /etc/passwd: usual in containers run with --user
  }
}

async function knownAccounts(): Promise<Account[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const accounts: Account[] = [];
  for (const line of text.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    // macOS writes nobody as -2.
    if (name && uid && gid) accounts.push({ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 });
  }
  return accounts;
}

async function preferredAccount(
  options: { dataDir: string; clusterDir: string },
  accounts: Account[],
): Promise<Account | undefined> {
  for (const folder of [options.clusterDir, options.dataDir]) {
    const owner = await stat(folder).then(
      ({ uid }) => uid,
      () => 0,
    );
    const account = owner === 0 ? undefined : accounts.find(({ uid }) => uid === owner);
    if (account) return account;
  }
  return ACCOUNT_NAMES.map((wanted) => accounts.find(({ name }) => name === wanted)).find(
    (account) => account !== undefined,
  );
}

/** Whether `account` may pass through every folder on the way to `path`. */
export async function canReach(path: string, account: Account): Promise<boolean> {
  const folder = dirname(path);
  if (folder === path) return true;
  const { mode, ...owner } = await stat(folder);
  return (mode & passBit(owner, account)) !== 0 && (await canReach(folder, account));
}

/** Lets `account` pass through `folder`, which is ours; what is in it keeps its own rights. */
async function openFolder(folder: string, account: Account): Promise<void> {
  const { mode, ...owner } = await stat(folder);
  if ((mode & passBit(owner, account)) === 0) await chmod(folder, (mode & 0o7777) | passBit(owner, account));
}

function passBit(owner: { uid: number; gid: number }, account: Account): number {
  if (owner.uid === account.uid) return 0o100;
  return owner.gid === account.gid ? 0o010 : 0o001;
}

async function runs(runAs: RunAs, binaries: Binaries): Promise<boolean> {
  return (await faultOf(runAs, binaries)) === undefined;
}

/** Why the binaries do not run as `runAs`, if so: every missing right, library or kernel feature shows here. */
async function faultOf(runAs: RunAs, binaries: Binaries): Promise<string | undefined> {
  const { file, args, uid, gid } = commandAs(runAs, binaries.postgres, ['--version']);
  return promisify(execFile)(file, args, { cwd: '/', uid, gid }).then(
    () => undefined,
    (error: Error) => error.message.trim(),
  );
}
