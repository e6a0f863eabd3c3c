import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Command } from './index.ts';
import { openBeside, openPlatform } from './running.ts';
import { readSettings } from './settings.ts';

const USAGE = 'usage: greenroom admin create NAME E-MAIL [--password PASSWORD]\n';

/** The operator's own account; works beside a running server. */
export const adminCommand: Command = {
  doc: 'admin create NAME E-MAIL: makes an account with every right',
  options: { password: { type: 'string' } },
  async run({ values, positionals, version }) {
    const [verb, username, email, ...rest] = positionals;
    if (verb !== 'create' || username === undefined || email === undefined || rest.length > 0) {
      process.stderr.write(USAGE);
      return 64;
    }
    const settings = readSettings();
    const password = typeof values.password === 'string' ? values.password : await askPassword();
    const platform = (await openBeside(settings, version)) ?? (await openPlatform(settings, version));
    try {
      const account = await platform.accounts.accounts.createAdmin({ username, email, password });
      process.stdout.write(`${account.username} may do everything now: sign in at ${settings.platform.PUBLIC_URL}/\n`);
      return 0;
    } finally {
      await platform.close();
    }
  },
};

/** From a terminal twice and unseen, else the first line of what comes in. */
async function askPassword(): Promise<string> {
  if (process.stdin.isTTY !== true) {
    const lines = createInterface({ input: process.stdin });
    for await (const line of lines) return line;
    throw new Error('no password was given: send it as the first line of the input, or use --password');
  }
  const password = await askUnseen('password: ');
  if ((await askUnseen('once more: ')) !== password) throw new Error('the two passwords differ; nothing was changed');
  return password;
}

async function askUnseen(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const questions = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await questions.question('');
  } finally {
    questions.close();
    process.stderr.write('\n');
  }
}
