import { existsSync, readFileSync } from 'node:fs';
import { MODULES } from '../modules.ts';
import { formatFault, type LoadedSettings, loadSettings, type SettingsInput } from '../platform/config/settings.ts';
import { EXIT_CONFIG, StartFault } from '../platform/config/start-fault.ts';
import type { ModuleDefinition } from '../platform/module.ts';

const CONFIG_FILE = 'greenroom.config.json';

/** Reads the settings from the environment and `greenroom.config.json` of the working folder. @throws StartFault */
export function readSettings(env: SettingsInput['env'] = process.env): LoadedSettings {
  return settingsFrom({ env, file: readConfigFile() });
}

/** The settings of all modules' tables. @throws StartFault with a line for each fault (platform 1.1) */
export function settingsFrom(input: Omit<SettingsInput, 'modules'>): LoadedSettings {
  const modules = Object.fromEntries(MODULES.map((module) => [module.name, module.settings]));
  const outcome = loadSettings({ ...input, modules });
  if (outcome.ok) return outcome.settings;
  const lines = outcome.faults.map((fault) => `  ${formatFault(fault)}`);
  throw new StartFault(EXIT_CONFIG, `the settings are not right:\n${lines.join('\n')}`);
}

/** The modules that are switched on. */
export function enabledModules(settings: LoadedSettings): ModuleDefinition[] {
  return MODULES.filter((module) => settings.platform.MODULES.includes(module.name));
}

function readConfigFile(): unknown {
  if (!existsSync(CONFIG_FILE)) return undefined;
  try {
    return JSON.parse(readFileSync(CONFIG_FILE, 'utf8'));
  } catch (error) {
    throw new StartFault(EXIT_CONFIG, `${CONFIG_FILE} is not JSON: ${(error as Error).message}`);
  }
}
