import { networkInterfaces } from 'node:os';
import type { PlatformSettings } from '../platform/config/platform-settings.ts';
import { isEveryAddress, isLoopbackHost, shownUrl } from '../platform/config/settings.ts';
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

/** What a reader of the first screen should know who serves others without HTTPS (PF-64, DESIGN 3.2). */
const PLAIN_HTTP_NOTE = [
  '  note      plain HTTP beyond this machine: passwords and cookies can be read on the way, and browsers give pages no camera, microphone or',
  '            notifications; set TLS_CERT and TLS_KEY, or PUBLIC_URL=https://... behind a proxy',
];

/** Settings that are checked already, and what happens instead of what they ask for. */
const NOT_USED_YET = [
  ['SMTP_URL', 'letters land in DATA_DIR/mail'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'no traces are sent'],
] as const satisfies readonly (readonly [keyof PlatformSettings, string])[];

function modeOf({ platform, modules }: RunningServer): string {
  const { settings, opened } = platform;
  const parts = [
    opened.embedded === null ? 'own PostgreSQL' : 'embedded PostgreSQL',
    settings.REDIS_URL === null ? 'in-memory bus' : 'Redis',
    `modules ${[...modules.keys()].join(', ')}`,
    `roles ${settings.ROLES.join(', ')}`,
  ];
  return parts.join('; ');
}

/** Where others in the same network find a server that listens on all addresses. */
function localNetworkAddresses(settings: PlatformSettings, port: number): string[] {
  if (!isEveryAddress(settings.HOST)) return [];
  const scheme = settings.TLS_CERT === null ? 'http' : 'https';
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => `${scheme}://${address}:${port}`);
}

/** The first screen a person sees (platform section 1, "Output"). */
export async function printFirstScreen(server: RunningServer, extra: readonly string[] = []): Promise<void> {
  const { platform, address } = server;
  const { settings } = platform;
  const base = settings.PORT === 0 ? shownUrl({ ...settings, PORT: address.port }) : settings.PUBLIC_URL;
  const isPlain = settings.TLS_CERT === null && !settings.PUBLIC_URL.startsWith('https:');
  const admins = await platform.database.query(
    `select 1 as one from accounts where 'superuser' = any (grants) limit 1`,
  );
  const lines = [
    '',
    `  Greenroom ${platform.version}`,
    '',
    `  mode      ${modeOf(server)}`,
    `  console   ${base}/`,
    ...localNetworkAddresses(settings, address.port).map((url) => `            ${url}/`),
    `  docs      ${base}/reference`,
    `  data      ${platform.opened.place}`,
    `  admin     ${admins.length === 0 ? 'nobody yet: greenroom admin create NAME E-MAIL' : `sign in at ${base}/sign-in`}`,
    ...NOT_USED_YET.filter(([key]) => settings[key] !== null).map(
      ([key, instead]) => `  note      ${key} is set, and not used by this version: ${instead}`,
    ),
    ...(isPlain && !isLoopbackHost(settings.HOST) ? PLAIN_HTTP_NOTE : []),
    ...extra,
    '',
  ];
  if (process.stdout.isTTY === true || settings.NODE_ENV !== 'production')
    process.stdout.write(`${lines.join('\n')}\n`);
  platform.ports.log.info({ address: base, data: platform.opened.place, version: platform.version }, 'ready');
}
