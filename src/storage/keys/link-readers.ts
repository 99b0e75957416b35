import type { WriteUnit } from '../owners/owner-storage.ts';
import { BUDGETS, ORGANIZATIONS } from '../owners/owner-tables.ts';
import { createRecordWriter } from '../owners/record-writer.ts';
import type { WriteContext } from '../writer.ts';

/** What a key can be linked to, as the transaction sees it; on PostgreSQL locked until it ends. */
export function createLinkReaders(context: WriteContext): Pick<WriteUnit, 'budgets' | 'organizations'> {
  return {
    budgets: createRecordWriter(context, BUDGETS),
    organizations: createRecordWriter(context, ORGANIZATIONS),
  };
}
