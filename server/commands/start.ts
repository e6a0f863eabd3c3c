import type { RunningServer } from '../platform/server.ts';
import { ensureConsole } from './console-build.ts';
import type { Command } from './index.ts';
import { runServer } from './running.ts';
import { readSettings } from './settings.ts';

export const start: Command = {
  doc: 'starts the server',
  options: { demo: { type: 'boolean' }, roles: { type: 'string' } },
  async run({ values, version }) {
    if (values.demo === true) {
      const { demo } = await import('./demo.ts');
      return await demo.run({ values: {}, positionals: [], version });
    }
    const roles = typeof values.roles === 'string' ? { ROLES: values.roles } : {};
    const settings = readSettings({ ...process.env, ...roles });
    await ensureConsole();
    return await runServer(settings, version, (server) => printFirstScreen(server));
  },
};

/** The first screen a person sees (platform section 1, "Output"). */
export async function printFirstScreen(server: RunningServer, extra: readonly string[] = []): Promise<void> {
  const { platform, address } = server;
  const { settings } = platform;
  const port = address.port;
  const base = settings.PORT === 0 ? `http://${settings.HOST}:${port}` : settings.PUBLIC_URL;
  const isLoopback = ['127.0.0.1', 'localhost', '::1'].includes(settings.HOST);
  const admins = await platform.database.query(`select 1 as one from accounts where 'superuser' = any (grants) limit 1`);
  const lines = [
    '',
    `  Greenroom ${platform.version}`,
    '',
    `  console   ${base}/`,
    `  data      ${platform.opened.place}`,
    `  roles     ${settings.ROLES.join(', ')}`,
    ...(admins.length === 0 ? ['  admin     nobody yet: greenroom admin create NAME E-MAIL'] : []),
    ...(isLoopback || settings.TLS_CERT !== null || settings.PUBLIC_URL.startsWith('https:')
      ? []
      : ['  note      plain HTTP beyond this machine: passwords and cookies can be read on the way; set TLS_CERT and TLS_KEY or PUBLIC_URL=https://...']),
    ...extra,
    '',
  ];
  if (process.stdout.isTTY === true || settings.NODE_ENV !== 'production') process.stdout.write(`${lines.join('\n')}\n`);
  platform.ports.log.info({ address: base, data: platform.opened.place, version: platform.version }, 'ready');
}
