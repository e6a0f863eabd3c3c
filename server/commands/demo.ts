import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedSettings } from '../platform/config/settings.ts';
import { ensureConsole } from './console-build.ts';
import type { Command } from './index.ts';
import { runServer } from './running.ts';
import { settingsFrom } from './settings.ts';
import { printFirstScreen } from './start.ts';

/** What a demo takes from the environment: where it listens and how it talks. Never a database or a folder: it must not touch real data. */
const TAKEN_KEYS = [
  'PORT',
  'HOST',
  'PUBLIC_URL',
  'LOG_LEVEL',
  'NODE_ENV',
  'TLS_CERT',
  'TLS_KEY',
  'METRICS_TOKEN',
  'MODULES',
  'TRUSTED_PROXIES',
];

export const demo: Command = {
  doc: 'starts a server with data of its own, where a match is being played',
  async run({ version }) {
    const folder = mkdtempSync(join(tmpdir(), 'greenroom-demo-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const settings = demoSettings(folder);
    await ensureConsole();
    return await runServer(settings, version, async (server) => {
      const lines = await Promise.all([...server.modules.values()].map((module) => module.demo?.() ?? []));
      await printFirstScreen(server, lines.flat());
    });
  },
};

function demoSettings(folder: string): LoadedSettings {
  const env = Object.fromEntries(TAKEN_KEYS.map((key) => [key, process.env[key]]));
  return settingsFrom({ env: { ...env, DATA_DIR: folder } });
}
