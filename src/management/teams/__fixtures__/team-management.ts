/** What the tests of team and organisation verbs stand on: real storage, a clock that stands still, countable names. */
import type { AuditEntry } from '../../../core/audit.ts';
import { createBudgetCalendar } from '../../../core/budget-window.ts';
import { type Caller, toKeyCaller } from '../../../core/caller.ts';
import type { KeyRecord } from '../../../core/key.ts';
import { sha256Hex } from '../../../core/key-secret.ts';
import { NO_LIMITS } from '../../../core/limits.ts';
import { memberRef } from '../../../core/owner.ts';
import type { UserRecord } from '../../../core/owner-records.ts';
import { spendCounter } from '../../../core/spend-counter.ts';
import type { OpenStorage, openStorage } from '../../../storage/open-storage.ts';
import { ACTOR, ADMIN, buildTestManagement, START_MS } from '../../keys/__fixtures__/key-management.ts';
import { buildBlankKey } from '../../keys/merge-key-fields.ts';
import { buildBlankOwner, newStamps } from '../../owners/blank-owner.ts';
import { viewKeys } from '../../keys/view-key.ts';
import { createTeam, type NewTeam } from '../create-team.ts';
import type { TeamFields } from '../team-fields.ts';
import type { TeamManagement } from '../team-management.ts';

export { ACTOR, ADMIN };

let lastNumber = 0;

/** Unique in this process: `prefix-1`, `prefix-2`, … */
function nextName(prefix: string): string {
  return `${prefix}-${++lastNumber}`;
}

function buildUser(fields: Partial<UserRecord>): UserRecord {
  return { ...buildBlankOwner(nextName('user'), 'tests', 1), email: null, role: 'internal_user', ...fields };
}

function buildKey(fields: Partial<KeyRecord>): KeyRecord {
  const keyId = `key_${nextName('k').padStart(22, '0')}`;
  return { ...buildBlankKey({ keyId, hash: sha256Hex(keyId), mask: null, createdBy: 'tests', nowMs: 1 }), ...fields };
}

const NO_BOUNDS = {
  maxBudgetNanoUsd: null,
  budgetDuration: null,
  maxParallelRequests: null,
  tpmLimit: null,
  rpmLimit: null,
};
export const NO_FIELDS: TeamFields = { inMetadata: {}, extra: {}, limits: {}, memberDefaults: {} };

export interface TeamWorld {
  deps: TeamManagement;
  storage: OpenStorage;
  clock: { nowMs: number };
  /** Somebody with a key, as authentication finds it: role and memberships as they are stored. */
  personIn(teamId: string | null, fields?: Partial<UserRecord>): Promise<Caller>;
  /** The same person as it stands by now. */
  again(caller: Caller): Promise<Caller>;
  makeTeam(fields?: Partial<TeamFields>, rest?: Partial<NewTeam>): Promise<string>;
  makeKey(fields: Partial<KeyRecord>): Promise<KeyRecord>;
  /** Counts something as spent. */
  spend(counter: string, nanoUsd: number): Promise<void>;
  auditOf(objectId: string): Promise<AuditEntry[]>;
  auditRows(): Promise<number>;
  close(): Promise<void>;
}

/** The test brings storage, which management may not import. */
export async function openTeamWorld(open: typeof openStorage): Promise<TeamWorld> {
  const clock = { nowMs: START_MS };
  const storage = await open({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
  const keys = buildTestManagement(storage, clock);
  const calendar = createBudgetCalendar({ timeZone: 'UTC' });
  const deps: TeamManagement = {
    owners: storage.owners,
    transact: storage.transact,
    nowMs: () => clock.nowMs,
    newId: keys.newId,
    readSpend: (owners) =>
      keys.readCounters(owners.map(({ ref, windows }) => spendCounter(calendar, ref, windows, clock.nowMs))),
    readCounters: keys.readCounters,
    spendCounter: (ref, windows, atMs, model) => spendCounter(calendar, ref, windows, atMs, model),
    windowEndMs: (duration) => calendar.windowAt(duration, clock.nowMs).endMs,
    isKnownModel: keys.isKnownModel,
    accessGroupsOf: () => [],
    userDefaults: { role: 'internal_user', limits: {}, models: [], teams: [], internalUserBudget: {}, upperBounds: NO_BOUNDS },
    settings: { defaults: NO_FIELDS, upperBounds: NO_BOUNDS, availableTeamIds: [], seatsAdmins: true, callbacks: new Map() },
    listKeys: (query) => storage.keys.list(query),
    viewKeys: (found) => viewKeys(keys, found, clock.nowMs),
    countKeys: (teamIds) => storage.keys.countByTeam(teamIds),
  };

  async function callerOf(key: KeyRecord): Promise<Caller> {
    return toKeyCaller(key, key.hash, null, await storage.ownerCache.standingOf(key));
  }

  const world: TeamWorld = {
    deps,
    storage,
    clock,
    async personIn(teamId, fields = {}) {
      const user = buildUser(fields);
      await storage.transact((unit) => unit.users.insert(user));
      return callerOf(buildKey({ userId: user.id, teamId }));
    },
    again: (caller) => callerOf(caller.key as KeyRecord),
    async makeTeam(fields = {}, rest = {}) {
      const id = nextName('team');
      await createTeam(deps, ADMIN, ACTOR, { id, members: [], ...rest, fields: { ...NO_FIELDS, ...fields } });
      return id;
    },
    async makeKey(fields) {
      const key = buildKey(fields);
      await storage.transact((unit) => unit.keys.insert(key));
      return key;
    },
    async spend(counter, nanoUsd) {
      const adjustment = { id: nextName('spent'), counter, deltaNanoUsd: nanoUsd, reason: 'spend_set' as const };
      await storage.transact((unit) => unit.adjust([{ ...adjustment, atMs: clock.nowMs }]));
    },
    auditOf: keys.auditOf,
    auditRows: async () => (await storage.audit.list({ page: 1, pageSize: 1 })).total,
    close: () => storage.close(),
  };
  return world;
}

/** Makes somebody a member, as an administrator does. */
export async function join(
  world: TeamWorld,
  caller: Caller,
  teamId: string,
  role: 'admin' | 'user' = 'user',
): Promise<Caller> {
  await world.storage.transact((unit) =>
    unit.teamMembers.insert({
      ...NO_LIMITS,
      ...newStamps('tests', 1),
      teamId,
      userId: caller.userId ?? '',
      role,
      budgetId: null,
      models: [],
      metadata: {},
    }),
  );
  return world.again(caller);
}

export function memberId(teamId: string, userId: string | null): string {
  return memberRef(teamId, userId ?? '').id;
}
