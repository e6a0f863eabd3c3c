import type { ParseArgsConfig } from 'node:util';
import { adminCommand } from './admin.ts';
import { config } from './config.ts';
import { demo } from './demo.ts';
import { feed } from './feed.ts';
import { migrateCommand } from './migrate.ts';
import { asyncapi, openapi } from './openapi.ts';
import { start } from './start.ts';

export interface CommandInput {
  values: Readonly<Record<string, unknown>>;
  positionals: readonly string[];
  version: string;
}

/** One command of the program (platform section 1). */
export interface Command {
  doc: string;
  options?: ParseArgsConfig['options'];
  /** Resolves to the exit code; -1 = it goes on running and ends the process itself. */
  run(input: CommandInput): Promise<number>;
}

export const commands: Readonly<Record<string, Command>> = {
  start,
  demo,
  migrate: migrateCommand,
  config,
  admin: adminCommand,
  feed,
  openapi,
  asyncapi,
};
export const commandNames: readonly string[] = Object.keys(commands);
