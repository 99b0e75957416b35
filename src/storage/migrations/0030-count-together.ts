/**
 * On PostgreSQL the keys of a statement are counted together. Counted one by one, as migration 0029 has it, each writes the
 * same row anew: a transaction that brings many keys walks over all of its earlier versions again and again, which takes
 * minutes for some hundred thousand.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

export async function countKeysTogether(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  if (dialect === 'sqlite') return;
  await sql`create function latchkey_count_keys() returns trigger language plpgsql as $$
    begin
      insert into key_counts as counts (bucket, writer, live)
      select created_at_ms >> 16, pg_backend_pid(), count(*) * (case when tg_op = 'INSERT' then 1 else -1 end)
      from changed where deleted_at_ms is null group by 1
      on conflict (bucket, writer) do update set live = counts.live + excluded.live;
      return null;
    end $$`.execute(db);
  await sql`drop trigger keys_count_rows on keys`.execute(db);
  await sql`create trigger keys_count_insert after insert on keys referencing new table as changed
    for each statement execute function latchkey_count_keys()`.execute(db);
  await sql`create trigger keys_count_delete after delete on keys referencing old table as changed
    for each statement execute function latchkey_count_keys()`.execute(db);
}
