import { existsSync, readFileSync } from 'node:fs';
import { EXIT_CONFIG, formatFault, type LoadedSettings, loadSettings } from '../platform/config/settings.ts';
import { MODULES } from '../modules.ts';
import type { ModuleDefinition } from '../platform/module.ts';

const CONFIG_FILE = 'greenroom.config.json';

/** A start that its settings stop: every fault a line, exit code 78 (platform 1.1). */
export class SettingsStop extends Error {
  readonly exitCode = EXIT_CONFIG;
}

/** Reads the settings from the environment and `greenroom.config.json` of the working folder. @throws SettingsStop */
export function readSettings(env: Readonly<Record<string, string | undefined>> = process.env): LoadedSettings {
  const outcome = loadSettings({ env, file: readConfigFile(), modules: Object.fromEntries(MODULES.map((module) => [module.name, module.settings])) });
  if (!outcome.ok) throw new SettingsStop(`the settings are not right:\n${outcome.faults.map((fault) => `  ${formatFault(fault)}`).join('\n')}`);
  return outcome.settings;
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
    throw new SettingsStop(`${CONFIG_FILE} is not JSON: ${(error as Error).message}`);
  }
}
