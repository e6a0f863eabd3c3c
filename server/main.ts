import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { parseArgs } from 'node:util';
import { commandNames, commands } from './commands/index.ts';
import { asset } from './platform/config/asset.ts';

/** The command line: finds the command and lets it run. */
async function main(argv: readonly string[]): Promise<number> {
  enableCompileCache?.();
  const [name = 'help', ...rest] = argv;
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${readVersion()}\n`);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const asked = ['help', '--help', '-h'].includes(name);
    (asked ? process.stdout : process.stderr).write(
      `${asked ? '' : `greenroom has no command "${name}".\n\n`}${usage()}`,
    );
    return asked ? 0 : 64;
  }
  const { values, positionals } = parseArgs({
    args: [...rest],
    options: command.options ?? {},
    allowPositionals: true,
    strict: true,
  });
  return await command.run({ values, positionals, version: readVersion() });
}

function usage(): string {
  const lines = commandNames.map((name) => `  ${name.padEnd(12)}${commands[name]!.doc}`);
  return `Usage: greenroom COMMAND\n\n${lines.join('\n')}\n`;
}

function readVersion(): string {
  return (JSON.parse(readFileSync(asset('package.json'), 'utf8')) as { version: string }).version;
}

main(process.argv.slice(2)).then(
  (code) => {
    // A server keeps running; everything else has ended its work.
    if (code >= 0) process.exitCode = code;
  },
  (error: unknown) => {
    const { exitCode, message } = error as { exitCode?: number; message?: string };
    process.stderr.write(`greenroom: ${message ?? String(error)}\n`);
    if (exitCode === undefined && process.env.LOG_LEVEL === 'debug')
      process.stderr.write(`${(error as Error).stack}\n`);
    // A start that failed half way may have left something running: nobody waits for that.
    process.exit(exitCode ?? ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ? 64 : 1));
  },
);
