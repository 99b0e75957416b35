/**
 * On PostgreSQL calls stand in a table for every UTC day, so that a day whose time is up is dropped at once. What is there
 * already becomes one part that ends the day after tomorrow, as it is: nothing is copied, and no index is built again,
 * but the table is read once to see that it belongs there. What fits into no day goes into a part of its own.
 */
import { CompiledQuery, type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 3;

export async function splitCallsByDay(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  if (dialect !== 'postgres') return;
  const { rows: indexes } = await sql<{ name: string; definition: string }>`
    select c.relname as name, pg_get_indexdef(c.oid) as definition
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where i.indrelid = 'spend_logs'::regclass and not i.indisunique`.execute(db);
  const { rows: ends } = await sql<{ youngest: number | string | null; now_ms: number | string }>`
    select max(started_at_ms) as youngest, cast(extract(epoch from now()) * 1000 as bigint) as now_ms
    from spend_logs`.execute(db);
  const youngest = ends[0]?.youngest ?? null;
  const todayMs = startOfDay(Number(ends[0]?.now_ms));

  await sql`alter table spend_logs rename to spend_logs_earlier`.execute(db);
  for (const { name } of indexes) {
    await sql`alter index ${sql.ref(name)} rename to ${sql.ref(`${name}_earlier`)}`.execute(db);
  }
  await sql`create table spend_logs (like spend_logs_earlier including defaults including storage)
    partition by range (started_at_ms)`.execute(db);
  // As the catalogue words them: of the table that has the name now.
  for (const { definition } of indexes) await db.executeQuery(CompiledQuery.raw(definition));

  let fromMs = todayMs;
  if (youngest === null) await sql`drop table spend_logs_earlier`.execute(db);
  else {
    fromMs = Math.max(todayMs + 2 * DAY_MS, startOfDay(Number(youngest)) + DAY_MS);
    const end = sql.lit(fromMs);
    // Seen to hold before the parts are put together, which then takes no second look.
    await sql`alter table spend_logs_earlier add constraint spend_logs_earlier_end
      check (started_at_ms < ${end})`.execute(db);
    await sql`alter table spend_logs attach partition spend_logs_earlier
      for values from (minvalue) to (${end})`.execute(db);
    await sql`alter table spend_logs_earlier drop constraint spend_logs_earlier_end`.execute(db);
  }
  await sql`create table spend_logs_other partition of spend_logs default`.execute(db);
  await sql`create unique index spend_logs_other_request_id on spend_logs_other (request_id)`.execute(db);
  for (let dayMs = fromMs; dayMs < fromMs + DAYS_AHEAD * DAY_MS; dayMs += DAY_MS) {
    const name = `spend_logs_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
    await sql`create table ${sql.ref(name)} partition of spend_logs
      for values from (${sql.lit(dayMs)}) to (${sql.lit(dayMs + DAY_MS)})`.execute(db);
    await sql`create unique index ${sql.ref(`${name}_request_id`)} on ${sql.ref(name)} (request_id)`.execute(db);
  }
}

function startOfDay(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}
