import type { Command } from './index.ts';
import { openBeside, openPlatform } from './running.ts';
import { readSettings } from './settings.ts';

/** Works beside a running server, too. */
export const migrateCommand: Command = {
  doc: 'brings the database up to date and ends',
  async run({ version }) {
    const settings = readSettings();
    const platform = (await openBeside(settings, version)) ?? (await openPlatform(settings, version));
    try {
      const [applied] = await platform.database.query<{ n: bigint }>('select count(*) as n from migrations');
      process.stdout.write(`the database is up to date: ${applied!.n} migrations applied\n`);
      return 0;
    } finally {
      await platform.close();
    }
  },
};
