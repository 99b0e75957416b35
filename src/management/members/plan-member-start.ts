import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import type { OwnerRef } from '../../core/owner.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import type { PersonName } from './person-name.ts';

type Deps = Pick<OwnerManagement, 'owners' | 'readCounters' | 'spendCounter' | 'newId'>;

/** What brings the balances of people to nothing, should they have been members before: by user id. */
export type MemberStart = ReadonlyMap<string, readonly BalanceAdjustment[]>;

/** `refOf`: a person as a member of what it joins. Asked before the transaction, since balances are not read inside one. */
export async function planMemberStart(
  deps: Deps,
  refOf: (userId: string) => OwnerRef,
  people: readonly PersonName[],
  limits: Limits,
  nowMs: number,
): Promise<MemberStart> {
  const start = new Map<string, readonly BalanceAdjustment[]>();
  const userIds = [...new Set(await findUserIds(deps, people))];
  const adjustments = await planFreshStart(
    deps,
    userIds.map((userId) => ({ ref: refOf(userId), limits })),
    nowMs,
  );
  for (const userId of userIds) {
    const prefix = deps.spendCounter(refOf(userId), NO_LIMITS, nowMs);
    start.set(
      userId,
      adjustments.filter(({ counter }) => counter.startsWith(prefix)),
    );
  }
  return start;
}

/** The adjustments of those who did become members. */
export function startOf(start: MemberStart, members: readonly { userId: string }[]): BalanceAdjustment[] {
  return members.flatMap(({ userId }) => start.get(userId) ?? []);
}

async function findUserIds({ owners }: Pick<Deps, 'owners'>, people: readonly PersonName[]): Promise<string[]> {
  const email = people.flatMap((person) => (person.userId === null && person.email !== null ? [person.email] : []));
  const named = people.flatMap(({ userId }) => (userId === null ? [] : [userId]));
  if (email.length === 0) return named;
  const { records } = await owners.users.list({ scope: 'all', where: { email }, limit: email.length, offset: 0 });
  return [...named, ...records.map(({ id }) => id)];
}
