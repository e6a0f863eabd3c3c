import { type PlatformSettings, platformSettings, ROLES } from './platform-settings.ts';
import { type Setting, SettingFault, type Settings, type ValuesOf } from './setting-types.ts';

/** Where a value comes from, strongest first (PF-78). */
export type Source = 'environment' | 'file' | 'panel' | 'default';

/** One thing wrong with the settings. */
export interface SettingsFault {
  key: string;
  fault: string;
  accepts: string;
}

/** One setting as it stands, for the `config` command, the panel and the documentation. */
export interface DescribedSetting {
  /** Name in the environment. */
  key: string;
  /** Name in `greenroom.config.json`. */
  fileKey: string;
  /** Secrets are masked. */
  value: string;
  source: Source;
  doc: string;
  accepts: string;
  secret: boolean;
}

/** Everything the program was told, checked and frozen. */
export interface LoadedSettings {
  readonly platform: PlatformSettings;
  /** Typed values of a module; pass the same table that was given to `loadSettings`. */
  module<S extends Settings>(name: string, settings: S): ValuesOf<S>;
  describe(): DescribedSetting[];
  /** The same with values of the panel (database), by file key; they count only where environment and file say nothing (PF-78). */
  withPanel(values: Readonly<Record<string, string>>): SettingsOutcome;
}

export type SettingsOutcome = { ok: true; settings: LoadedSettings } | { ok: false; faults: SettingsFault[] };

/** What settings are read from. */
export interface SettingsInput {
  env: Readonly<Record<string, string | undefined>>;
  /** Parsed content of `greenroom.config.json`, if there is one. */
  file?: unknown;
  /** Settings of every known module, switched on or not. */
  modules?: Readonly<Record<string, Settings>>;
}

interface Entry {
  envKey: string;
  fileKey: string;
  setting: Setting<unknown>;
}

interface Reading {
  value: unknown;
  source: Source;
}

/** Reads, checks and freezes all settings: either every value is good, or every fault is told at once (platform 1.1, PF-78). */
export function loadSettings(input: SettingsInput): SettingsOutcome {
  return readAll(input, {});
}

/** One line a fault, as the start prints it. */
export function formatFault(fault: SettingsFault): string {
  return `${fault.key}: ${fault.fault}${fault.accepts ? `; accepted: ${fault.accepts}` : ''}`;
}

function readAll(input: SettingsInput, panel: Readonly<Record<string, string>>): SettingsOutcome {
  const entries = listEntries(input.modules ?? {});
  const faults: SettingsFault[] = [];
  const file = flattenFile(input.file, entries, faults);
  const readings = new Map<string, Reading>();
  for (const entry of entries) readings.set(entry.fileKey, readOne(entry, input.env, file, panel, faults));
  faults.push(...unknownEnvironmentKeys(input.env, entries));
  const values = Object.fromEntries(
    Object.keys(platformSettings).map((key) => [key, readings.get(key)!.value]),
  ) as ValuesOf<typeof platformSettings>;
  faults.push(...impossibleCombinations(values, Object.keys(input.modules ?? {})));
  if (faults.length > 0) return { ok: false, faults };

  const platform = derive(values, Object.keys(input.modules ?? {}));
  const settings: LoadedSettings = {
    platform,
    module<S extends Settings>(name: string, table: S): ValuesOf<S> {
      const pairs = Object.keys(table).map((key) => {
        const reading = readings.get(moduleFileKey(name, key));
        if (!reading) throw new Error(`settings of ${name} were not given to loadSettings`);
        return [key, reading.value];
      });
      return Object.freeze(Object.fromEntries(pairs)) as ValuesOf<S>;
    },
    describe: () => entries.map((entry) => describe(entry, readings.get(entry.fileKey)!, platform)),
    withPanel: (rows) => readAll(input, rows),
  };
  return { ok: true, settings: Object.freeze(settings) };
}

function listEntries(modules: Readonly<Record<string, Settings>>): Entry[] {
  const entries: Entry[] = Object.entries(platformSettings).map(([key, setting]) => ({
    envKey: key,
    fileKey: key,
    setting,
  }));
  for (const [module, settings] of Object.entries(modules)) {
    for (const [key, setting] of Object.entries(settings)) {
      entries.push({ envKey: moduleEnvKey(module, key), fileKey: moduleFileKey(module, key), setting });
    }
  }
  return entries;
}

/** `draws.jwt_secret` -> `GREENROOM_DRAWS_JWT_SECRET` (PF-78). */
export function moduleEnvKey(module: string, key: string): string {
  return `GREENROOM_${module}_${key}`.toUpperCase().replaceAll('.', '_');
}

function moduleFileKey(module: string, key: string): string {
  return `modules.${module}.${key}`;
}

function readOne(
  entry: Entry,
  env: SettingsInput['env'],
  file: ReadonlyMap<string, string>,
  panel: Readonly<Record<string, string>>,
  faults: SettingsFault[],
): Reading {
  const { setting } = entry;
  const candidates: [Source, string, string | undefined][] = [
    // An empty variable is how shells and compose files say "not set".
    ['environment', entry.envKey, env[entry.envKey] || undefined],
    ['file', entry.fileKey, file.get(entry.fileKey)],
    ['panel', entry.fileKey, panel[entry.fileKey]],
  ];
  for (const [source, key, text] of candidates) {
    if (text === undefined) continue;
    try {
      return { value: setting.parse(text), source };
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      const shown = setting.secret ? 'the value' : JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
      faults.push({ key, fault: `${shown} ${error.message}`, accepts: setting.accepts });
      return { value: setting.default, source };
    }
  }
  return { value: setting.default, source: 'default' };
}

/** The file as text by file key. Objects nest by dots, so `{"modules":{"draws":{"jwt_secret":..}}}` gives `modules.draws.jwt_secret`. */
function flattenFile(file: unknown, entries: readonly Entry[], faults: SettingsFault[]): Map<string, string> {
  const found = new Map<string, string>();
  if (file === undefined) return found;
  const known = new Set(entries.map((entry) => entry.fileKey));
  const walk = (value: unknown, path: string): void => {
    if (known.has(path)) {
      found.set(path, textOf(value));
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else {
      faults.push({ key: path || 'greenroom.config.json', fault: 'is no setting', accepts: nearest(path, [...known]) });
    }
  };
  walk(file, '');
  return found;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function unknownEnvironmentKeys(env: SettingsInput['env'], entries: readonly Entry[]): SettingsFault[] {
  const known = entries.map((entry) => entry.envKey);
  return Object.keys(env)
    .filter((key) => key.startsWith('GREENROOM_') && !key.startsWith('GREENROOM_TEST_') && !known.includes(key))
    .map((key) => ({ key, fault: 'is no setting', accepts: nearest(key, known) }));
}

/** Three known keys nearest to a mistyped one, for the fault's line. */
function nearest(key: string, known: readonly string[]): string {
  const distance = new Map(
    known.map((candidate) => [candidate, editDistance(key.toLowerCase(), candidate.toLowerCase())]),
  );
  const best = [...known].sort((a, b) => distance.get(a)! - distance.get(b)!).slice(0, 3);
  return best.length === 0 ? 'no key at all' : `for example ${best.join(', ')}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

function impossibleCombinations(
  values: ValuesOf<typeof platformSettings>,
  modules: readonly string[],
): SettingsFault[] {
  const faults: SettingsFault[] = [];
  const say = (key: string, fault: string, accepts: string) => faults.push({ key, fault, accepts });
  if (values.DATABASE_URL !== null && values.SECRET_KEY === null) {
    say('SECRET_KEY', 'is missing although DATABASE_URL is set', platformSettings.SECRET_KEY.accepts);
  }
  if ((values.TLS_CERT === null) !== (values.TLS_KEY === null)) {
    const [missing, given] = values.TLS_CERT === null ? ['TLS_CERT', 'TLS_KEY'] : ['TLS_KEY', 'TLS_CERT'];
    say(missing!, `is missing although ${given} is set`, 'both or neither');
  }
  if (values.SECRET_KEY !== null && values.SECRET_KEY === values.SECRET_KEY_PREVIOUS) {
    say('SECRET_KEY_PREVIOUS', 'is the same as SECRET_KEY', 'the key before the last rotation');
  }
  if (values.PUBLIC_URL !== null && URL.parse(values.PUBLIC_URL)?.origin !== values.PUBLIC_URL) {
    say('PUBLIC_URL', 'has a path or a query', 'an origin such as https://live.example.org');
  }
  for (const name of values.MODULES) {
    if (!modules.includes(name))
      say('MODULES', `names ${JSON.stringify(name)}, which is no module`, `any of ${modules.join(', ')}`);
  }
  return faults;
}

function derive(values: ValuesOf<typeof platformSettings>, modules: readonly string[]): PlatformSettings {
  const HOST = values.HOST ?? (values.NODE_ENV === 'production' ? '0.0.0.0' : '127.0.0.1');
  const PUBLIC_URL = values.PUBLIC_URL ?? shownUrl({ ...values, HOST });
  return Object.freeze({
    ...values,
    HOST,
    PUBLIC_URL,
    MODULES: Object.freeze(values.MODULES.length === 0 ? [...modules] : values.MODULES),
    ROLES: Object.freeze(ROLES.filter((role) => values.ROLES.includes(role))),
  });
}

/** The address of a server as a browser on its machine takes it. */
export function shownUrl({ HOST, PORT, TLS_CERT }: { HOST: string; PORT: number; TLS_CERT: string | null }): string {
  const host = isEveryAddress(HOST) ? 'localhost' : HOST.includes(':') ? `[${HOST}]` : HOST;
  return `${TLS_CERT === null ? 'http' : 'https'}://${host}:${PORT}`;
}

/** HOST means all addresses of the machine. */
export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** HOST is the machine itself: nobody else can connect. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function describe(entry: Entry, reading: Reading, platform: PlatformSettings): DescribedSetting {
  const { setting } = entry;
  const effective = entry.fileKey in platform ? platform[entry.fileKey as keyof PlatformSettings] : reading.value;
  const secret = setting.secret === true;
  return {
    key: entry.envKey,
    fileKey: entry.fileKey,
    value: effective === null ? '' : secret ? '********' : textOf(effective),
    source: reading.source,
    doc: setting.doc,
    accepts: setting.accepts,
    secret,
  };
}
