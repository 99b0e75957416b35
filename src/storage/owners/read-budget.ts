import type { Kysely } from 'kysely';
import type { BudgetRecord } from '../../core/owner-records.ts';
import type { Database } from '../database.ts';
import { BUDGETS } from './owner-tables.ts';
import { createRecordReader } from './record-reader.ts';

/** A living budget row as it is at this moment, locked against nobody. */
export async function readBudget(db: Kysely<Database>, id: string | null): Promise<BudgetRecord | null> {
  return id === null ? null : ((await createRecordReader(db, BUDGETS).find([id])) ?? null);
}
