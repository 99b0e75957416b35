import { type Kysely, sql } from 'kysely';
import type { Database } from '../database.ts';
import type { SpendPart, SpendSums } from './alert-storage.ts';

/** sum() of integers is a wider type on PostgreSQL; as a bigint it is a number in both. */
const sumOf = (column: string) => sql<number>`cast(coalesce(sum(${sql.ref(column)}), 0) as bigint)`;

/** The sums of a spend report, from the daily sums of the ledger. */
export async function sumDays(
  reads: Kysely<Database>,
  { firstDay, lastDay, limit }: { firstDay: string; lastDay: string; limit: number },
): Promise<SpendSums> {
  const days = reads.selectFrom('daily_spend').where('day', '>=', firstDay).where('day', '<=', lastDay);
  const { calls, spend } = await days
    .select([sumOf('calls').as('calls'), sumOf('spend_nano_usd').as('spend')])
    .executeTakeFirstOrThrow();
  const partsBy = async (column: 'team_id' | 'user_id'): Promise<SpendPart[]> => {
    const parts = days.select([column, sumOf('spend_nano_usd').as('spend')]).where(column, '<>', '');
    const rows = await parts.groupBy(column).orderBy('spend', 'desc').orderBy(column).limit(limit).execute();
    return rows.map((row) => ({ name: String(row[column]), spendNanoUsd: row.spend }));
  };
  const tags = await reads
    .selectFrom('daily_tag_spend')
    .where('day', '>=', firstDay)
    .where('day', '<=', lastDay)
    .select(['tag', sumOf('spend_nano_usd').as('spend')])
    .groupBy('tag')
    .orderBy('spend', 'desc')
    .orderBy('tag')
    .limit(limit)
    .execute();
  return {
    calls,
    spendNanoUsd: spend,
    teams: await partsBy('team_id'),
    users: await partsBy('user_id'),
    tags: tags.map((row) => ({ name: row.tag, spendNanoUsd: row.spend })),
  };
}
