import { GatewayError } from '../../core/gateway-error.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** What the verbs over budget rows ask of the world. */
export interface BudgetManagement extends Pick<OwnerManagement, 'owners' | 'transact' | 'nowMs' | 'newId'> {
  /** How many living keys are linked to this row, or name it for their customers. */
  countKeysOfBudget(budgetId: string): Promise<number>;
  /** The row that the configuration names for end users without limits of their own; null: it names none. */
  configuredBudgetId: string | null;
}

export function budgetNotFound(id: string): GatewayError {
  return new GatewayError('not_found', `Budget not found, passed budget_id=${id}`, { param: 'budget_id' });
}
