import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getTableConfig } from 'drizzle-orm/pg-core';
import { openWorld, type World } from './service/testing.ts';
import { TABLES } from './tables.ts';

let world: World;

before(async () => {
  world = await openWorld();
});

after(() => world.close());

test('the Drizzle tables are the migrated ones', async () => {
  const rows = await world.database.query<{ line: string }>(
    `select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end as line
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relkind = 'r' and starts_with(c.relname, 'predictions_') and a.attnum > 0 and not a.attisdropped`,
  );
  const declared = TABLES.flatMap((table) => {
    const { name, columns, primaryKeys } = getTableConfig(table);
    const inKey = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)));
    return columns.map((column) => {
      const isRequired = column.notNull || column.primary || inKey.has(column.name);
      return `${name}.${column.name} ${column.getSQLType()}${isRequired ? ' not null' : ''}`;
    });
  });
  assert.deepEqual(declared.sort(), rows.map((row) => row.line).sort());
});

test('the Drizzle primary keys are the migrated ones', async () => {
  const rows = await world.database.query<{ line: string }>(
    `select c.relname || ' ' || string_agg(a.attname, ',' order by k.ord) as line
     from pg_index i join pg_class c on c.oid = i.indrelid
     cross join unnest(i.indkey) with ordinality as k(attnum, ord)
     join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
     where i.indisprimary and starts_with(c.relname, 'predictions_') group by c.relname`,
  );
  const declared = TABLES.map((table) => {
    const { name, columns, primaryKeys } = getTableConfig(table);
    const own = columns.filter((column) => column.primary).map((column) => column.name);
    const shared = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
    return `${name} ${[...own, ...shared].join()}`;
  });
  assert.deepEqual(declared.sort(), rows.map((row) => row.line).sort());
});
