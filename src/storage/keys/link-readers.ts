import { BUDGETS, ORGANIZATIONS, TEAMS, USERS } from '../owners/owner-tables.ts';
import { readBudget } from '../owners/read-budget.ts';
import { createRecordWriter } from '../owners/record-writer.ts';
import type { KeyLinkReaders } from '../storage.ts';
import type { WriteContext } from '../writer.ts';
import { sumRates } from './sum-rates.ts';

/** What a key can be linked to, as the transaction sees it; on PostgreSQL locked until it ends. */
export function createLinkReaders(context: WriteContext): KeyLinkReaders {
  return {
    nowMs: context.nowMs,
    budgets: createRecordWriter(context, BUDGETS),
    readBudget: (id) => readBudget(context.trx, id),
    organizations: createRecordWriter(context, ORGANIZATIONS),
    teams: createRecordWriter(context, TEAMS),
    users: createRecordWriter(context, USERS),
    keys: { sumRates: (query) => sumRates(context, query) },
  };
}
