import type { Command } from './index.ts';
import { readSettings } from './settings.ts';

export const config: Command = {
  doc: 'prints the effective settings, secrets masked',
  async run() {
    const rows = readSettings().describe();
    const keyWidth = Math.max(...rows.map((row) => row.key.length));
    const valueWidth = Math.min(40, Math.max(...rows.map((row) => row.value.length)));
    for (const row of rows)
      process.stdout.write(
        `${row.key.padEnd(keyWidth)}  ${row.value.padEnd(valueWidth)}  ${row.source.padEnd(11)}  ${row.doc}\n`,
      );
    return 0;
  },
};
