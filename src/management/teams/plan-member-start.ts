import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { fillLimits, type Limits, NO_LIMITS } from '../../core/limits.ts';
import { memberRef } from '../../core/owner.ts';
import type { BudgetRecord, TeamMemberRecord } from '../../core/owner-records.ts';
import type { PersonName } from '../members/person-name.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import { type LimitFields, mergeLimits } from '../owners/limit-fields.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

type Deps = Pick<OwnerManagement, 'owners' | 'readCounters' | 'spendCounter' | 'newId'>;

/** What brings the balances of people to nothing, should they have been in the team before: by user id. */
export type MemberStart = ReadonlyMap<string, readonly BalanceAdjustment[]>;

/** Asked before the transaction, since balances are not read inside one. */
export async function planMemberStart(
  deps: Deps,
  teamId: string,
  people: readonly PersonName[],
  { own, budget }: { own: LimitFields; budget: BudgetRecord | null },
  nowMs: number,
): Promise<MemberStart> {
  const limits: Limits = fillLimits(mergeLimits(NO_LIMITS, own), budget);
  const start = new Map<string, readonly BalanceAdjustment[]>();
  const userIds = [...new Set(await findUserIds(deps, people))];
  const adjustments = await planFreshStart(
    deps,
    userIds.map((userId) => ({ ref: memberRef(teamId, userId), limits })),
    nowMs,
  );
  for (const userId of userIds) {
    const prefix = deps.spendCounter(memberRef(teamId, userId), NO_LIMITS, nowMs);
    start.set(
      userId,
      adjustments.filter(({ counter }) => counter.startsWith(prefix)),
    );
  }
  return start;
}

/** The adjustments of those who did become members. */
export function startOf(start: MemberStart, members: readonly TeamMemberRecord[]): BalanceAdjustment[] {
  return members.flatMap(({ userId }) => start.get(userId) ?? []);
}

async function findUserIds({ owners }: Pick<Deps, 'owners'>, people: readonly PersonName[]): Promise<string[]> {
  const email = people.flatMap((person) => (person.userId === null && person.email !== null ? [person.email] : []));
  const named = people.flatMap(({ userId }) => (userId === null ? [] : [userId]));
  if (email.length === 0) return named;
  const { records } = await owners.users.list({ scope: 'all', where: { email }, limit: email.length, offset: 0 });
  return [...named, ...records.map(({ id }) => id)];
}
