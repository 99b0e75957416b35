import type { Kysely } from 'kysely';
import type { Database } from './database.ts';
import type { SettingStore } from './storage.ts';
import type { Writer } from './writer.ts';

/** Small named values; setting one is announced like every other change. */
export function createSettingStore(reads: Kysely<Database>, write: Writer): SettingStore {
  return {
    async get(name) {
      const row = await reads.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst();
      return row?.value;
    },
    add: (name, value, audit) =>
      write(async (context) => {
        const added = await context.trx
          .insertInto('settings')
          .values({ name, value, updated_at_ms: context.nowMs })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .returning('value')
          .executeTakeFirst();
        if (added === undefined) {
          const found = context.trx.selectFrom('settings').select('value').where('name', '=', name);
          return (await found.executeTakeFirstOrThrow()).value;
        }
        context.audit([audit]);
        context.announce({ kind: 'setting', name });
        return value;
      }),
    set: (name, value, audit) =>
      write(async (context) => {
        const columns = { value, updated_at_ms: context.nowMs };
        await context.trx
          .insertInto('settings')
          .values({ name, ...columns })
          .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
          .execute();
        context.audit([audit]);
        context.announce({ kind: 'setting', name });
      }),
  };
}
