import { type Kysely, sql } from 'kysely';
import type { Database, DialectName } from '../database.ts';

/**
 * How many living keys name this budget row for their customers. It stands in free metadata, so all keys are looked
 * through: for who deletes a row, and nothing that happens often. One that merely looks like it counts as well.
 */
export async function countLendingKeys(
  reads: Kysely<Database>,
  dialect: DialectName,
  budgetId: string,
): Promise<number> {
  // As it is written: without spaces.
  const text = `"end_user_budget_id":${JSON.stringify(budgetId)}`;
  const place = dialect === 'sqlite' ? sql<number>`instr(metadata, ${text})` : sql<number>`strpos(metadata, ${text})`;
  const row = await reads
    .selectFrom('keys')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .where('deleted_at_ms', 'is', null)
    .where(place, '>', 0)
    .executeTakeFirstOrThrow();
  return Number(row.total);
}
