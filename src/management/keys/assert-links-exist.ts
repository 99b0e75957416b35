import { endUserBudgetIdOf, type KeyRecord } from '../../core/key.ts';
import type { AssertLinks } from '../../storage/storage.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { getOrganization } from '../owners/get-organization.ts';
import { assertThroughput } from './assert-throughput.ts';
import type { KeyFields } from './key-fields.ts';

type Links = Pick<KeyRecord, 'budgetId' | 'organizationId'>;

/**
 * The budget rows and the organisation that a request links a key to are there, since a link to nothing would be a limit
 * that nobody notices is missing. What the key (null: a new one) has already is kept: clients send back what they were
 * shown. What it is to be guaranteed must fit there. The check is run by the transaction that writes the key; it throws
 * bad_request that names the field.
 */
export function assertLinksExist(asked: Pick<KeyFields, keyof Links>, before: Links | null): AssertLinks {
  return (owners, next, current) =>
    assertThroughput(owners, next, current, async () => {
      const { budgetId, organizationId } = asked;
      if (budgetId != null && budgetId !== before?.budgetId) await assertBudgetExists(owners, budgetId);
      const lent = endUserBudgetIdOf(next);
      if (lent !== undefined && (current === null || lent !== endUserBudgetIdOf(current))) {
        await assertBudgetExists(owners, lent, { name: 'metadata.end_user_budget_id', param: 'metadata' });
      }
      if (organizationId != null && organizationId !== before?.organizationId) {
        await getOrganization(owners, organizationId);
      }
    });
}
