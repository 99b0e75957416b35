import type { Kysely } from 'kysely';
import type { Database } from '../database.ts';

/** How many living keys each of these teams has; none without keys. One query over an index. */
export async function countTeamKeys(
  reads: Kysely<Database>,
  teamIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (teamIds.length === 0) return new Map();
  const rows = await reads
    .selectFrom('keys')
    .select((eb) => ['team_id', eb.fn.countAll<number>().as('total')])
    .where('team_id', 'in', teamIds)
    .where('deleted_at_ms', 'is', null)
    .groupBy('team_id')
    .execute();
  return new Map(rows.map(({ team_id, total }) => [team_id ?? '', Number(total)]));
}
