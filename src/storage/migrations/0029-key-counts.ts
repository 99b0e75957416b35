/**
 * How many live keys were created in every 65 seconds, so that a page far back in the list of all keys is entered near its
 * place instead of walked to, and so that all keys are counted without looking at them. Triggers keep it, so whoever writes
 * keys need not know. On PostgreSQL every connection has rows of its own and adds to those only: no two transactions ever
 * wait for each other's, in whatever order they change keys.
 */
import { type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

export async function countKeys(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  await sql`create table key_counts (bucket bigint not null, writer bigint not null, live bigint not null,
    primary key (bucket, writer))`.execute(db);
  // The triggers first: on PostgreSQL they keep others from writing keys until all of this is there.
  if (dialect === 'sqlite') await keepOnSqlite(db);
  else await keepOnPostgres(db);
  await sql`insert into key_counts (bucket, writer, live)
    select created_at_ms >> 16, 0, count(*) from keys where deleted_at_ms is null group by 1`.execute(db);
}

const CHANGED = sql`old.created_at_ms <> new.created_at_ms or (old.deleted_at_ms is null) <> (new.deleted_at_ms is null)`;

async function keepOnSqlite(db: Kysely<unknown>): Promise<void> {
  const add = (row: 'old' | 'new', count: 1 | -1) => sql`insert into key_counts (bucket, writer, live)
    select ${sql.ref(`${row}.created_at_ms`)} >> 16, 0, ${sql.lit(count)}
    where ${sql.ref(`${row}.deleted_at_ms`)} is null
    on conflict (bucket, writer) do update set live = live + excluded.live`;
  await sql`create trigger keys_count_insert after insert on keys begin ${add('new', 1)}; end`.execute(db);
  await sql`create trigger keys_count_delete after delete on keys begin ${add('old', -1)}; end`.execute(db);
  await sql`create trigger keys_count_update after update of created_at_ms, deleted_at_ms on keys when ${CHANGED}
    begin ${add('old', -1)}; ${add('new', 1)}; end`.execute(db);
}

async function keepOnPostgres(db: Kysely<unknown>): Promise<void> {
  await sql`create function latchkey_count_key() returns trigger language plpgsql as $$
    begin
      if tg_op <> 'INSERT' then
        if old.deleted_at_ms is null then
          insert into key_counts as counts values (old.created_at_ms >> 16, pg_backend_pid(), -1)
          on conflict (bucket, writer) do update set live = counts.live - 1;
        end if;
      end if;
      if tg_op <> 'DELETE' then
        if new.deleted_at_ms is null then
          insert into key_counts as counts values (new.created_at_ms >> 16, pg_backend_pid(), 1)
          on conflict (bucket, writer) do update set live = counts.live + 1;
        end if;
      end if;
      return null;
    end $$`.execute(db);
  await sql`create trigger keys_count_rows after insert or delete on keys
    for each row execute function latchkey_count_key()`.execute(db);
  await sql`create trigger keys_count_update after update of created_at_ms, deleted_at_ms on keys
    for each row when (${CHANGED}) execute function latchkey_count_key()`.execute(db);
}
