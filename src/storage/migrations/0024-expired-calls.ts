/**
 * What is kept of calls whose rows are gone: the sums that the books are checked against, and each call's id, so that a
 * bill that is found in an old journal is not counted again. By time first, since calls expire in its order and their
 * ids are looked for by both.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

const DAY_SUMS = ['calls', 'tokens', 'spend_nano_usd', 'tag_spend_nano_usd'] as const;

export async function keepExpiredCalls(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  let calls = db.schema
    .createTable('expired_calls')
    .addColumn('started_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('request_id', text, (column) => column.notNull())
    .addPrimaryKeyConstraint('expired_calls_pkey', ['started_at_ms', 'request_id']);
  // The ids alone, and not once more in an index.
  if (dialect === 'sqlite') calls = calls.modifyEnd(sql`without rowid`);
  await calls.execute();
  await db.schema
    .createTable('expired_balances')
    .addColumn('counter', text, (column) => column.primaryKey())
    .addColumn('nano_usd', 'bigint', (column) => column.notNull())
    .execute();
  let days = db.schema.createTable('expired_days').addColumn('day', text, (column) => column.primaryKey());
  for (const name of DAY_SUMS) days = days.addColumn(name, 'bigint', (column) => column.notNull());
  await days.execute();
}
