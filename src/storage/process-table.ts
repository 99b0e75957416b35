import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';

/** Who a process is, for people and for other processes. */
export interface ProcessName {
  id: string;
  host: string;
  pid: number;
  /** What tells a process on the same host that this one has ended; opaque here. */
  identity: string;
}

export interface ProcessRow extends ProcessName {
  feedPosition: number;
  /** How long ago it last said that it lives. */
  silentMs: number;
}

/** The rows of `processes` on PostgreSQL. All times are the database's, as hosts disagree about the time. */
export interface ProcessTable {
  /** Says that this process lives, and how far it has read the change feed. */
  beat(own: ProcessName, feedPosition: number): Promise<void>;
  list(): Promise<ProcessRow[]>;
  remove(ids: readonly string[]): Promise<void>;
}

const NOW_MS = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

export function createProcessTable(db: Kysely<Database>): ProcessTable {
  return {
    async beat({ id, host, pid, identity }, feedPosition) {
      const beat = { heartbeat_at_ms: NOW_MS, feed_position: feedPosition };
      await db
        .insertInto('processes')
        .values({ id, host, pid, identity, started_at_ms: NOW_MS, ...beat })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(beat))
        .execute();
    },
    list: () =>
      db
        .selectFrom('processes')
        .select(['id', 'host', 'pid', 'identity', 'feed_position as feedPosition'])
        .select(sql<number>`greatest(0, ${NOW_MS} - heartbeat_at_ms)`.as('silentMs'))
        .orderBy('started_at_ms')
        .orderBy('id')
        .execute(),
    async remove(ids) {
      if (ids.length > 0) await db.deleteFrom('processes').where('id', 'in', ids).execute();
    },
  };
}
