/**
 * The owners in front of every call. Records are cached one by one and let go by change events; who stands behind a key
 * is put together from them and kept until any owner changes, so that a busy key pays one look-up.
 */
import { LRUCache } from 'lru-cache';
import { boundEntries } from '../../core/bound-entries.ts';
import type { CallPath, Standing } from '../../core/call-path.ts';
import type { ChangeEvent } from '../../core/change-event.ts';
import { fillLimits, type Limits, NO_LIMITS } from '../../core/limits.ts';
import type {
  BudgetRecord,
  EndUserRecord,
  LimitedOrganizationMember,
  OrganizationRecord,
  TeamMemberRecord,
  TeamRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import { deepFreeze } from '../deep-freeze.ts';
import type { OwnerCache, OwnerLinks, OwnerReaders } from './owner-storage.ts';
import { createRecordCache } from './record-cache.ts';

export interface EvictingOwnerCache extends OwnerCache {
  evict(event: ChangeEvent): void;
  clear(): void;
}

/** A user with everything that tells where it belongs. */
interface Person {
  user: UserRecord;
  teams: readonly TeamMemberRecord[];
  organizations: readonly LimitedOrganizationMember[];
}

const SIZE = 50_000;
/** More memberships than any person has; beyond it the rest grant nothing. */
const MAX_MEMBERSHIPS = 10_000;

/** `endUserBudgetId`: the budget row of end users that name none themselves. */
export function createOwnerCache(readers: OwnerReaders, endUserBudgetId: string | null = null): EvictingOwnerCache {
  const budgets = createRecordCache<BudgetRecord>(
    async (id) => deepFreeze((await readers.budgets.find([id])) ?? null),
    SIZE,
  );
  const people = createRecordCache<Person>(loadPerson, SIZE);
  const teams = createRecordCache<TeamRecord>((id) => loadFilled(readers.teams.find([id])), SIZE);
  const organizations = createRecordCache<OrganizationRecord>(
    (id) => loadFilled(readers.organizations.find([id])),
    SIZE,
  );
  const endUsers = createRecordCache<EndUserRecord>((id) => loadFilled(readers.endUsers.find([id])), SIZE);
  /** End users that name no row themselves, filled from another. They go with either record. */
  const lent = new WeakMap<BudgetRecord, WeakMap<EndUserRecord, EndUserRecord>>();
  const tags = createRecordCache((id: string) => loadFilled(readers.tags.find([id])), SIZE);
  /** What was put together from the records of this moment. Emptied by every change of an owner on a path. */
  const standings = new LRUCache<string, Standing>(boundEntries(SIZE));
  let changes = 0;

  async function loadFilled<R extends Limits & { budgetId: string | null }>(
    reading: Promise<R | undefined>,
  ): Promise<R | null> {
    const record = await reading;
    return record === undefined ? null : deepFreeze(await fill(record));
  }

  async function fill<R extends Limits & { budgetId: string | null }>(record: R): Promise<R> {
    const { budgetId } = record;
    return budgetId === null ? record : { ...record, ...fillLimits(record, await budgets.get(budgetId)) };
  }

  /** A row that a key names and that is not there gives way to the configuration's: else it would be no limit at all. */
  function endUserBudget(budgetId?: string): BudgetRecord | null | Promise<BudgetRecord | null> {
    if (budgetId === undefined) return usualBudget();
    const named = budgets.get(budgetId);
    return named instanceof Promise ? named.then((row) => row ?? usualBudget()) : (named ?? usualBudget());
  }

  function usualBudget(): BudgetRecord | null | Promise<BudgetRecord | null> {
    return endUserBudgetId === null ? null : budgets.get(endUserBudgetId);
  }

  function lend(record: EndUserRecord | null, budget: BudgetRecord | null): EndUserRecord | null {
    if (record === null || budget === null || record.budgetId !== null) return record;
    const known = lent.get(budget) ?? new WeakMap<EndUserRecord, EndUserRecord>();
    lent.set(budget, known);
    const filled = known.get(record) ?? deepFreeze({ ...record, ...fillLimits(record, budget) });
    known.set(record, filled);
    return filled;
  }

  async function loadPerson(id: string): Promise<Person | null> {
    const ofUser = { scope: 'all', where: { userId: id }, limit: MAX_MEMBERSHIPS, offset: 0 } as const;
    const [user, memberships, places] = await Promise.all([
      readers.users.find([id]),
      readers.teamMembers.list(ofUser),
      readers.organizationMembers.list(ofUser),
    ]);
    if (user === undefined) return null;
    const teamMembers = await Promise.all(memberships.records.map((record) => fill(record)));
    const members = await Promise.all(places.records.map((record) => fill({ ...NO_LIMITS, ...record })));
    return deepFreeze({ user: await fill(user), teams: teamMembers, organizations: members });
  }

  /** The value of each, or a promise of all of them where one is not at hand. */
  function gather(links: OwnerLinks): Standing | Promise<Standing> {
    const person = links.userId === null ? null : people.get(links.userId);
    const team = links.teamId === null ? null : teams.get(links.teamId);
    const keyBudget = links.budgetId === null ? null : budgets.get(links.budgetId);
    if (person instanceof Promise || team instanceof Promise || keyBudget instanceof Promise) {
      return Promise.all([person, team, keyBudget]).then(() => standingOf(links));
    }
    const organizationId = links.organizationId ?? team?.organizationId ?? null;
    const organization = organizationId === null ? null : organizations.get(organizationId);
    if (organization instanceof Promise) return organization.then(() => standingOf(links));
    const path: CallPath = {
      user: person?.user ?? null,
      team,
      member: person?.teams.find(({ teamId }) => teamId === team?.id) ?? null,
      organization,
      organizationMember: person?.organizations.find((place) => place.organizationId === organization?.id) ?? null,
      keyBudget,
    };
    return Object.freeze({
      path: Object.freeze(path),
      memberships: { teams: person?.teams ?? [], organizations: person?.organizations ?? [] },
    });
  }

  function standingOf(links: OwnerLinks): Standing | Promise<Standing> {
    const name = JSON.stringify([links.userId, links.teamId, links.organizationId, links.budgetId]);
    const hit = standings.get(name);
    if (hit !== undefined) return hit;
    const seen = changes;
    const found = gather(links);
    if (!(found instanceof Promise) && seen === changes) standings.set(name, found);
    return found;
  }

  function clear(): void {
    changes += 1;
    standings.clear();
    for (const cache of [budgets, people, teams, organizations, endUsers, tags]) cache.clear();
  }

  return {
    standingOf,
    endUser(id, budgetId) {
      const record = endUsers.get(id);
      const budget = endUserBudget(budgetId);
      if (record instanceof Promise || budget instanceof Promise) {
        return Promise.all([record, budget]).then((found) => lend(...found));
      }
      return lend(record, budget);
    },
    endUserBudget,
    tag: (id) => tags.get(id),
    clear,
    evict(event) {
      if (event.kind !== 'owner') return;
      switch (event.table) {
        case 'end_users':
          return endUsers.forget(event.id);
        case 'models':
          return;
        case 'tags':
          return tags.forget(event.id);
        case 'budgets':
          // Any number of owners may be filled from it.
          return clear();
        case 'users':
          people.forget(event.id);
          break;
        case 'teams':
          teams.forget(event.id);
          break;
        case 'organizations':
          organizations.forget(event.id);
          break;
        case 'team_members':
        case 'organization_members':
          people.forget(event.userId ?? '');
      }
      changes += 1;
      standings.clear();
    },
  };
}
