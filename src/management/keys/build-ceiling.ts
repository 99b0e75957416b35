import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import type { KeyBound, KeyCeiling, KeyDraft, LimitBound, ModelBound } from '../../core/ceiling-terms.ts';
import type { KeyRecord } from '../../core/key.ts';
import { type Capacity, isOwner } from '../../core/permissions.ts';
import type { KeyManagement } from './key-management.ts';

export type CeilingDeps = Pick<
  KeyManagement,
  'accessGroupsOf' | 'isKnownModel' | 'routes' | 'mayCallRoute' | 'settings' | 'nowMs'
>;

export interface CeilingFacts {
  capacity: Capacity;
  /** The key before the change; null: it is new. */
  before: KeyDraft | null;
  /** Whose the key will be, and who that is. */
  userId: string | null;
  standing: Standing;
}

/**
 * What bounds a key that this caller makes or changes: its own key, whatever its role; and where it is no administrator
 * of the proxy, the limits of those who stand behind it and would not stand behind the key, and the key itself as it was
 * where somebody else has set it for the caller, or for the whole team.
 */
export function buildCeiling(deps: CeilingDeps, caller: Caller, facts: CeilingFacts): KeyCeiling {
  const { capacity, before } = facts;
  const isFree = capacity === 'admin';
  const isForSelf = facts.userId !== null && facts.userId === caller.userId;
  return {
    keys: [...callingKey(caller, before), ...keyBefore(caller, facts)],
    limits: isFree || isForSelf ? [] : carriedLimits(caller, facts),
    models: isFree ? [] : modelLists(caller, facts, isForSelf),
    capacity,
    holder: caller.key,
    before: before?.key ?? null,
    inOthersName: !isFree && !isForSelf && facts.userId !== null,
    world: {
      defaultBudgetMode: deps.settings.budgetMode,
      accessGroupsOf: deps.accessGroupsOf,
      isKnownModel: deps.isKnownModel,
      routes: deps.routes(),
      mayCall: (route) => deps.mayCallRoute(caller, route),
      nowMs: deps.nowMs(),
    },
  };
}

/** Where it changes itself, as it was: that is as of this moment, while what has called may be from the cache. */
function callingKey({ key, path }: Caller, before: KeyDraft | null): KeyBound[] {
  if (key === null) return [];
  const draft = before?.key.keyId === key.keyId ? before : { key, budget: path.keyBudget, team: path.team };
  return [{ ...draft, whose: 'your key', isBefore: false }];
}

function keyBefore(caller: Caller, { capacity, before }: CeilingFacts): KeyBound[] {
  if (capacity === 'admin' || before === null) return [];
  if (capacity === 'member') return [{ ...before, whose: 'this key, which is the whole team’s', isBefore: true }];
  if (!isGoverned(caller, before.key)) return [];
  return [{ ...before, whose: `this key, which ${before.key.governedBy} has set for you`, isBefore: true }];
}

/** Its own user may narrow it and not widen it. */
export function isGoverned(caller: Caller, key: Pick<KeyRecord, 'userId' | 'governedBy'>): boolean {
  return key.governedBy !== null && isOwner(caller, key);
}

function carriedLimits({ path, memberships }: Caller, { standing }: CeilingFacts): LimitBound[] {
  const member = memberships.teams.find(({ teamId }) => teamId === standing.path.team?.id);
  return [
    ...(path.user === null ? [] : [{ whose: 'your user', limits: path.user }]),
    ...(member === undefined ? [] : [{ whose: `yourself in team=${member.teamId}`, limits: member }]),
  ];
}

/**
 * The lists that hold for the key's calls are those of its owners. The maker's own does not lapse: without a team its
 * user's, and in a team what it may call there, which holds for the key's calls where the key is its own.
 */
function modelLists({ path, memberships }: Caller, { standing }: CeilingFacts, isForSelf: boolean): ModelBound[] {
  const { team, user, organization } = standing.path;
  const owners =
    team === null
      ? { 'the user': user, 'the organization': organization }
      : { 'the team': team, 'the organization': organization };
  const bounds = Object.entries(owners).flatMap(([whose, owner]) =>
    owner === null ? [] : [{ whose, models: owner.models, carried: false }],
  );
  if (isForSelf) return bounds;
  if (team !== null) {
    const member = memberships.teams.find(({ teamId }) => teamId === team.id);
    if (member === undefined) return bounds;
    return [...bounds, { whose: `yourself in team=${team.id}`, models: member.models, carried: true }];
  }
  if (path.user === null) return bounds;
  return [...bounds, { whose: 'your user', models: path.user.models, carried: true }];
}
