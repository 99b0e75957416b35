import type { AlertEvent, AlertGroup } from '../core/alert-event.ts';
import { listWatchedBudgets, type WatchedBudget } from '../core/budget-alerts.ts';
import type { BudgetCalendar } from '../core/budget-window.ts';
import type { KeyRecord } from '../core/key.ts';
import { keyFacts } from '../core/key-alerts.ts';
import { fillLimits, type Limits } from '../core/limits.ts';
import { memberNames, type OwnerRef } from '../core/owner.ts';
import {
  keyLimits,
  keyPolicy,
  memberPolicy,
  type OwnerPolicy,
  organizationMemberPolicy,
  ownerPolicy,
  plainPolicy,
} from '../core/owner-policy.ts';
import type { UserRecord } from '../core/owner-records.ts';
import type { OwnerCache, OwnerReaders } from '../storage/owners/owner-storage.ts';
import type { KeyStore } from '../storage/storage.ts';

/** Somebody with a budget, as alerts name it. */
export interface WatchedOwner {
  group: AlertGroup;
  /** For people: `Key`, `Team`, … */
  title: string;
  budgets: readonly WatchedBudget[];
  facts: Partial<AlertEvent>;
  /** Addresses of those whom its budget concerns. */
  people(): Promise<readonly string[]>;
}

export interface WatchedOwnersDeps {
  keys: Pick<KeyStore, 'findMany'>;
  ownerCache: Pick<OwnerCache, 'standingOf' | 'endUser' | 'tag'>;
  owners: Pick<OwnerReaders, 'teamMembers' | 'organizationMembers' | 'users'>;
  calendar: BudgetCalendar;
  /** Of the whole proxy. */
  proxyLimits(): Limits;
}

const NO_LINKS = { userId: null, teamId: null, organizationId: null, budgetId: null };
/** More administrators than this need not all be told. */
const MAX_ADMINS = 20;

/**
 * Finds those of these owners that have a budget, hard or soft. All keys are one query; everybody else is most often in the
 * cache. Behind customers, tags and the proxy there is nobody to be written to.
 */
export function createWatchedOwners(
  deps: WatchedOwnersDeps,
): (owners: readonly OwnerRef[], nowMs: number) => Promise<WatchedOwner[]> {
  const { keys, ownerCache, owners, calendar, proxyLimits } = deps;

  function watch(
    policy: OwnerPolicy,
    soft: number | null,
    nowMs: number,
    rest: Omit<WatchedOwner, 'budgets'>,
  ): WatchedOwner[] {
    const budgets = listWatchedBudgets(policy, soft, calendar, nowMs);
    return budgets.length === 0 ? [] : [{ ...rest, budgets }];
  }

  async function watchKey(key: KeyRecord, nowMs: number): Promise<WatchedOwner[]> {
    const { path } = await ownerCache.standingOf(key);
    const { softBudgetNanoUsd } = fillLimits(keyLimits(key), path.keyBudget);
    const facts = keyFacts(key, path);
    const people = async () => mailOf(path.user);
    return watch(keyPolicy(key, path.keyBudget), softBudgetNanoUsd, nowMs, {
      group: 'key',
      title: 'Key',
      facts,
      people,
    });
  }

  async function watchOther({ kind, id }: OwnerRef, nowMs: number): Promise<WatchedOwner[]> {
    switch (kind) {
      case 'user': {
        const { user } = (await ownerCache.standingOf({ ...NO_LINKS, userId: id })).path;
        if (user === null) return [];
        const facts = { userId: id, userEmail: user.email };
        const people = async () => mailOf(user);
        const about = { group: 'user', title: 'User', facts, people } as const;
        return watch(ownerPolicy('user', user), user.softBudgetNanoUsd, nowMs, about);
      }
      case 'member': {
        const { teamId, userId } = memberNames(id);
        const { member, team, user } = (await ownerCache.standingOf({ ...NO_LINKS, teamId, userId })).path;
        if (member === null) return [];
        const facts = { userId, teamId, teamAlias: team?.alias ?? null, userEmail: user?.email ?? null };
        const people = async () => mailOf(user);
        const about = { group: 'user', title: 'Team Member', facts, people } as const;
        return watch(memberPolicy(member), member.softBudgetNanoUsd, nowMs, about);
      }
      case 'organization_member': {
        const { teamId: organizationId, userId } = memberNames(id);
        const { organizationMember, user } = (await ownerCache.standingOf({ ...NO_LINKS, organizationId, userId }))
          .path;
        if (organizationMember === null) return [];
        const facts = { userId, organizationId, userEmail: user?.email ?? null };
        const people = async () => mailOf(user);
        const about = { group: 'user', title: 'Organization Member', facts, people } as const;
        return watch(organizationMemberPolicy(organizationMember), organizationMember.softBudgetNanoUsd, nowMs, about);
      }
      case 'team': {
        const { team } = (await ownerCache.standingOf({ ...NO_LINKS, teamId: id })).path;
        if (team === null) return [];
        const facts = { teamId: id, teamAlias: team.alias, organizationId: team.organizationId };
        const about = { group: 'team', title: 'Team', facts, people: () => teamAdmins(id) } as const;
        return watch(ownerPolicy('team', team), team.softBudgetNanoUsd, nowMs, about);
      }
      case 'organization': {
        const { organization } = (await ownerCache.standingOf({ ...NO_LINKS, organizationId: id })).path;
        if (organization === null) return [];
        const people = () => organizationAdmins(id);
        const about = { group: 'organization', title: 'Organization', facts: { organizationId: id }, people } as const;
        return watch(ownerPolicy('organization', organization), organization.softBudgetNanoUsd, nowMs, about);
      }
      case 'end_user': {
        const customer = await ownerCache.endUser(id);
        if (customer === null) return [];
        const about = { group: 'customer', title: 'Customer', facts: { customerId: id }, people: nobody } as const;
        return watch(ownerPolicy('end_user', customer), customer.softBudgetNanoUsd, nowMs, about);
      }
      case 'proxy': {
        const about = { group: 'proxy', title: 'Proxy', facts: {}, people: nobody } as const;
        return watch(plainPolicy({ kind, id }, proxyLimits()), null, nowMs, about);
      }
      case 'tag': {
        const tag = await ownerCache.tag(id);
        if (tag === null) return [];
        const about = { group: 'tag', title: 'Tag', facts: { tag: id }, people: nobody } as const;
        return watch(ownerPolicy('tag', tag), tag.softBudgetNanoUsd, nowMs, about);
      }
      case 'key':
        return [];
    }
  }

  async function teamAdmins(teamId: string): Promise<string[]> {
    const query = { scope: 'all', where: { teamId, role: 'admin' }, limit: MAX_ADMINS, offset: 0 } as const;
    const { records } = await owners.teamMembers.list(query);
    return mailsOf(records.map(({ userId }) => userId));
  }

  async function organizationAdmins(organizationId: string): Promise<string[]> {
    const where = { organizationId, role: 'org_admin' } as const;
    const { records } = await owners.organizationMembers.list({ scope: 'all', where, limit: MAX_ADMINS, offset: 0 });
    return mailsOf(records.map(({ userId }) => userId));
  }

  async function mailsOf(userIds: readonly string[]): Promise<string[]> {
    return (await owners.users.findMany(userIds)).flatMap(mailOf);
  }

  return async (refs, nowMs) => {
    const addresses = refs.flatMap(({ kind, id }) => (kind === 'key' ? [{ kind: 'key_id' as const, keyId: id }] : []));
    const found = addresses.length === 0 ? [] : await keys.findMany(addresses);
    const watched: WatchedOwner[] = [];
    for (const key of found) if (key !== undefined) watched.push(...(await watchKey(key, nowMs)));
    for (const ref of refs) if (ref.kind !== 'key') watched.push(...(await watchOther(ref, nowMs)));
    return watched;
  };
}

async function nobody(): Promise<string[]> {
  return [];
}

function mailOf(user: UserRecord | null): string[] {
  return user?.email == null ? [] : [user.email];
}
