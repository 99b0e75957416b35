import { GatewayError } from '../../core/gateway-error.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

/** What the verbs over budget rows ask of the world. */
export interface BudgetManagement extends Pick<OwnerManagement, 'owners' | 'transact' | 'nowMs' | 'newId'> {
  /** How many living keys are linked to this row. */
  countKeysOfBudget(budgetId: string): Promise<number>;
}

export function budgetNotFound(id: string): GatewayError {
  return new GatewayError('not_found', `Budget not found, passed budget_id=${id}`, { param: 'budget_id' });
}
