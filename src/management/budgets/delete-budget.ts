import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { BudgetRecord } from '../../core/owner-records.ts';
import { assertAdmin } from '../../core/rights.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { type BudgetManagement, budgetNotFound } from './budget-management.ts';

/**
 * Deletes a row that nobody is linked to: taking limits away from somebody is never a side effect. One that went with
 * the organisation that it was made for stays as it is: LiteLLM leaves such rows behind, and its clients clear them away.
 * Throws not_admin, not_found, bad_request (still in use; says by whom).
 */
export async function deleteBudget(
  deps: BudgetManagement,
  caller: Caller,
  actor: Actor,
  id: string,
): Promise<BudgetRecord> {
  assertAdmin(caller, '/budget/delete');
  const gone = await findGoneWithOrganization(deps, id);
  if (gone !== undefined) return gone;
  const nowMs = deps.nowMs();
  const keys = await deps.countKeysOfBudget(id);
  const result = await deps.transact(async (unit) => {
    const before = await unit.budgets.find([id]);
    if (before === undefined) throw budgetNotFound(id);
    const linked = { budgetId: id };
    const uses: [string, number][] = [
      ['keys', keys],
      ['users', (await unit.users.findWhere(linked)).length],
      ['teams', (await unit.teams.findWhere(linked)).length],
      ['team members', (await unit.teamMembers.findWhere(linked)).length],
      ['organizations', (await unit.organizations.findWhere(linked)).length],
      ['organization members', (await unit.organizationMembers.findWhere(linked)).length],
      ['customers', (await unit.endUsers.findWhere(linked)).length],
      ['tags', (await unit.tags.findWhere(linked)).length],
    ];
    if (id === deps.configuredBudgetId) uses.push(['configuration (litellm_settings.max_end_user_budget_id)', 1]);
    const inUse = uses.filter(([, count]) => count > 0).map(([who, count]) => `${count} ${who}`);
    if (inUse.length > 0) throw stillInUse(id, inUse.join(', '));
    await unit.budgets.update({ ...before, deletedAtMs: nowMs, deletedBy: nameOfCaller(caller) });
    const act = { action: 'deleted', table: 'LiteLLM_BudgetTable', objectId: id, before, after: null } as const;
    await unit.audit([buildOwnerAudit(deps, actor, nowMs, act)]);
    return before;
  });
  if (result.kind === 'conflict') throw budgetNotFound(id);
  return result.value;
}

async function findGoneWithOrganization({ owners }: BudgetManagement, id: string): Promise<BudgetRecord | undefined> {
  const budget = await owners.budgets.find([id], { includeDeleted: true });
  if (budget === undefined || budget.deletedAtMs === null) return undefined;
  const query = { scope: 'all', where: { budgetId: id }, deleted: true, limit: 1, offset: 0 } as const;
  const { total } = await owners.organizations.list(query);
  return total === 0 ? undefined : budget;
}

function stillInUse(id: string, uses: string): GatewayError {
  return new GatewayError(
    'bad_request',
    `Budget ${id} is still in use (${uses}). Link them to another budget or take their budget_id away first.`,
    { param: 'id' },
  );
}
