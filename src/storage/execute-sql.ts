import { CompiledQuery, type Kysely } from 'kysely';

/** One statement as text, its parameters apart. Throws what storage throws. */
export type ExecuteSql = (sql: string, parameters: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

/** For parts that bring their own SQL and do not know Kysely. */
export function createExecuteSql<Tables>(db: Kysely<Tables>): ExecuteSql {
  return async (sql, parameters) => {
    const { rows } = await db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(sql, [...parameters]));
    return rows;
  };
}
