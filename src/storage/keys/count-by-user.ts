import type { Kysely } from 'kysely';
import type { Scope } from '../../core/scope.ts';
import type { Database, DialectName } from '../database.ts';
import { buildKeyScope, type KeyColumns } from './key-scope.ts';

/** A statement takes a limited number of values. */
const BATCH = 500;

/** How many living keys within the scope each of these users has; whoever has none is left out. */
export async function countKeysByUser(
  reads: Kysely<Database>,
  dialect: DialectName,
  userIds: readonly string[],
  scope: Scope,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let start = 0; start < userIds.length; start += BATCH) {
    const rows = await reads
      .selectFrom('keys')
      .select((eb) => ['user_id', eb.fn.countAll<number>().as('count')])
      .where('user_id', 'in', userIds.slice(start, start + BATCH))
      .where('deleted_at_ms', 'is', null)
      .where((eb) => {
        const column: KeyColumns = (name) => eb.ref(`keys.${name}`) as never;
        return scope === 'all' ? eb.lit(true) : buildKeyScope(eb, dialect, scope, column);
      })
      .groupBy('user_id')
      .execute();
    for (const { user_id: id, count } of rows) if (id !== null) counts.set(id, Number(count));
  }
  return counts;
}
