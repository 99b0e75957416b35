/** On PostgreSQL calls stand in a table for every UTC day: days are added before they begin, and dropped when they expire. */
import { CompiledQuery, type Kysely } from 'kysely';
import { DAY_MS, HOUR_MS } from '../core/duration.ts';
import { tryExpiryLock } from './expiry-lock.ts';
import { buildExpirySql } from './expiry-sql.ts';

/** A gateway that is stopped for as long finds a table for its first call. */
const DAYS_AHEAD = 7;
/** Who waits for a lock keeps those who come after it waiting, so it gives up soon and tries again later. */
const LOCK_TIMEOUT = '1s';
/**
 * Longer than the second (deadlock_timeout) after which PostgreSQL ends an autovacuum that is in the way, or a day that is
 * being vacuumed would be left each time. Behind it wait late bills of that day, and nobody else.
 */
const DAY_LOCK_TIMEOUT = '3s';
const LOCK_NOT_AVAILABLE = '55P03';

const HOUR_SQL = buildExpirySql('postgres', 'spend_logs.started_at_ms >= $1 and spend_logs.started_at_ms < $2');

interface Partition {
  name: string;
  /** Null: it has no beginning. */
  fromMs: number | null;
  toMs: number;
}

/**
 * Adds the tables of today and the following days that are not there yet. Nothing, where another process is at it; and
 * a day stays without one if there are calls of it among those that fitted into no day.
 */
export async function addDays<Tables>(database: Kysely<Tables>, nowMs: number): Promise<void> {
  const todayMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const known = await listPartitions(database);
  for (let dayMs = todayMs; dayMs <= todayMs + DAYS_AHEAD * DAY_MS; dayMs += DAY_MS) {
    if (covers(known, dayMs)) continue;
    await patiently(() =>
      database.transaction().execute(async (transaction) => {
        if (!(await tryExpiryLock(transaction)) || covers(await listPartitions(transaction), dayMs)) return;
        await addDay(transaction, dayMs);
      }),
    );
  }
}

/**
 * Drops the days that ended before `beforeMs`, once what the books need of them is kept (see expireCalls), and says how
 * many rows went. A day that somebody reads for long stays until the next time. What is not of one day (rows that were
 * there before the table was split) is left to expireCalls, and dropped once it is empty.
 */
export async function dropDays<Tables>(database: Kysely<Tables>, beforeMs: number): Promise<number> {
  let rows = 0;
  for (const partition of await listPartitions(database)) {
    if (partition.toMs > beforeMs) continue;
    rows += (await patiently(() => dropPartition(database, partition))) ?? 0;
  }
  return rows;
}

async function dropPartition<Tables>(database: Kysely<Tables>, { name, fromMs, toMs }: Partition): Promise<number> {
  const run = (where: Kysely<Tables>, statement: string, parameters: unknown[] = []) =>
    where.executeQuery<{ calls: number | string }>(CompiledQuery.raw(statement, parameters));
  const hours = fromMs === null ? [] : hoursOf(fromMs, toMs);
  // First and by itself: whoever ships one of these bills again just now sees its row, or its id, but never neither.
  for (const hour of hours) await run(database, HOUR_SQL.keepIds, hour);
  return database.transaction().execute(async (transaction) => {
    if (!(await tryExpiryLock(transaction))) return 0;
    await run(transaction, `set local lock_timeout = '${DAY_LOCK_TIMEOUT}'`);
    // Bills that are late wait, those of other days do not; and none comes between the sums and the end.
    await run(transaction, `lock table ${name} in share mode`);
    // How many they are is asked of a day only, once: the others may hold millions, and are asked at every run.
    const { rows } = await run(transaction, fromMs === null ? anyOf(name) : `select count(*) as calls from ${name}`);
    const calls = Number(rows[0]?.calls ?? 0);
    if (fromMs === null && calls > 0) return 0;
    for (const hour of hours) {
      await run(transaction, HOUR_SQL.keepIds, hour);
      await run(transaction, HOUR_SQL.keepBalances, hour);
      await run(transaction, HOUR_SQL.keepDays, hour);
    }
    await run(transaction, `set local lock_timeout = '${LOCK_TIMEOUT}'`);
    await run(transaction, `drop table ${name}`);
    return calls;
  });
}

/** Is there a call in the table? As a number: 0 or 1. */
function anyOf(name: string): string {
  return `select count(*) as calls from (select 1 from ${name} limit 1) as one`;
}

/** By the hour, since a statement may not take as long as a day of many calls does. */
function hoursOf(fromMs: number, toMs: number): [number, number][] {
  const hours: [number, number][] = [];
  for (let ms = fromMs; ms < toMs; ms += HOUR_MS) hours.push([ms, Math.min(ms + HOUR_MS, toMs)]);
  return hours;
}

/** By attaching a table: to make it in its place would keep everybody from the others meanwhile. */
async function addDay<Tables>(transaction: Kysely<Tables>, dayMs: number): Promise<void> {
  const { rows } = await transaction.executeQuery(
    CompiledQuery.raw(
      `select 1 from spend_logs_other where started_at_ms >= ${dayMs} and started_at_ms < ${dayMs + DAY_MS} limit 1`,
    ),
  );
  if (rows.length > 0) return;
  const name = `spend_logs_${new Date(dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
  for (const statement of [
    `set local lock_timeout = '${LOCK_TIMEOUT}'`,
    `create table ${name} (like spend_logs including defaults including storage)`,
    `create unique index ${name}_request_id on ${name} (request_id)`,
    `alter table spend_logs attach partition ${name} for values from (${dayMs}) to (${dayMs + DAY_MS})`,
  ]) {
    await transaction.executeQuery(CompiledQuery.raw(statement));
  }
}

function covers(partitions: readonly Partition[], dayMs: number): boolean {
  return partitions.some(({ fromMs, toMs }) => (fromMs === null || fromMs <= dayMs) && dayMs < toMs);
}

/** All but the one for rows that fit into no other. */
async function listPartitions<Tables>(database: Kysely<Tables>): Promise<Partition[]> {
  const { rows } = await database.executeQuery<{ name: string; bounds: string }>(
    CompiledQuery.raw(`select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
      from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'spend_logs'::regclass
      order by c.relname`),
  );
  return rows.flatMap(({ name, bounds }) => {
    const found = /FROM \((?:'(-?\d+)'|MINVALUE)\) TO \('(-?\d+)'\)/.exec(bounds);
    if (found === null) return [];
    return [{ name, fromMs: found[1] === undefined ? null : Number(found[1]), toMs: Number(found[2]) }];
  });
}

/** Undefined: a lock was not to be had in time. */
async function patiently<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if ((cause as Error & { code?: unknown }).code === LOCK_NOT_AVAILABLE) return undefined;
    }
    throw error;
  }
}
