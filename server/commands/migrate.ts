import type { Command } from './index.ts';
import { openPlatform } from './running.ts';
import { readSettings } from './settings.ts';

export const migrateCommand: Command = {
  doc: 'brings the database up to date and ends',
  async run({ version }) {
    const platform = await openPlatform(readSettings(), version);
    const applied = await platform.database.query<{ n: bigint }>('select count(*) as n from migrations');
    process.stdout.write(`the database is up to date: ${applied[0]!.n} migrations applied\n`);
    await platform.close();
    return 0;
  },
};
