import type { Kysely } from 'kysely';
import type { Database } from './database.ts';

/** Further back than any process that is still trusted has to hear of. */
const RECENT = 500;

/** The latest changes of balances in the change feed, by number: those that some process may still have to hear of. */
export async function readRecentBalanceChanges(reads: Kysely<Database>): Promise<{ counter: string; seq: number }[]> {
  const rows = await reads
    .selectFrom('changes')
    .select(['seq', 'body'])
    .where('kind', '=', 'balance')
    .where('seq', '>', (eb) =>
      eb
        .selectFrom('changes')
        .select((max) => max(max.fn.coalesce(max.fn.max('seq'), max.lit(0)), '-', RECENT).as('from')),
    )
    .execute();
  return rows.map(({ seq, body }) => ({ counter: String(JSON.parse(body).counter), seq }));
}
