/**
 * Whose limits a call has to keep: the key, its user, that person in the team, the team, the person in the organisation,
 * the organisation, and last the whole proxy. Customers and tags, which each call names anew, are added by the gateway. Every one of them has its spend
 * counted, also where it has no limits, or no row at all.
 */
import type { CallPath } from './call-path.ts';
import type { Caller } from './caller.ts';
import type { KeyRecord } from './key.ts';
import { memberRef, type OwnerKind } from './owner.ts';
import { compileLimits, type OwnerLimits, withoutLimits } from './owner-limits.ts';
import { keyPolicy, memberPolicy, organizationMemberPolicy, ownerPolicy } from './owner-policy.ts';
import type { LimitedOrganizationMember, OwnerRecord, TeamMemberRecord } from './owner-records.ts';

interface Gathered {
  path: CallPath;
  proxy: OwnerLimits;
  owners: readonly OwnerLimits[];
}

const gathered = new WeakMap<KeyRecord, Gathered>();

/** The owners that all calls of this caller have in common, the proxy last. Put together anew when one of them changes. */
export function callerOwners(caller: Caller, proxy: OwnerLimits): readonly OwnerLimits[] {
  const { key, path } = caller;
  if (key === null) return gather(caller, proxy);
  let known = gathered.get(key);
  if (known === undefined || known.path !== path || known.proxy !== proxy) {
    known = { path, proxy, owners: gather(caller, proxy) };
    gathered.set(key, known);
  }
  return known.owners;
}

/** Which team a caller calls for; null: none. */
export function teamIdOf({ key, path }: Pick<Caller, 'key' | 'path'>): string | null {
  return key === null ? (path.team?.id ?? null) : key.teamId;
}

/** Which organisation pays: the key's own, else its team's. */
export function organizationIdOf({ key, path }: Pick<Caller, 'key' | 'path'>): string | null {
  return key?.organizationId ?? path.team?.organizationId ?? path.organization?.id ?? null;
}

function gather(caller: Caller, proxy: OwnerLimits): readonly OwnerLimits[] {
  const { key, userId, path } = caller;
  const teamId = teamIdOf(caller);
  const organizationId = organizationIdOf(caller);
  const owners: OwnerLimits[] = [];
  if (key !== null) owners.push(compileLimits(keyPolicy(key, path.keyBudget)));
  if (userId !== null) owners.push(limitsOf('user', userId, path.user));
  if (userId !== null && teamId !== null) owners.push(memberLimits(teamId, userId, path.member));
  if (teamId !== null) owners.push(limitsOf('team', teamId, path.team));
  if (path.organizationMember !== null) owners.push(organizationMemberLimits(path.organizationMember));
  if (organizationId !== null) owners.push(limitsOf('organization', organizationId, path.organization));
  owners.push(proxy);
  return owners;
}

const compiled = new WeakMap<OwnerRecord | TeamMemberRecord | LimitedOrganizationMember, OwnerLimits>();

/** Records are immutable, so each is compiled once. `record` null: there is none of that name. */
export function limitsOf(kind: OwnerKind, id: string, record: OwnerRecord | null): OwnerLimits {
  if (record === null) return withoutLimits({ kind, id });
  let limits = compiled.get(record);
  if (limits === undefined) {
    limits = compileLimits(ownerPolicy(kind, record));
    compiled.set(record, limits);
  }
  return limits;
}

function memberLimits(teamId: string, userId: string, member: TeamMemberRecord | null): OwnerLimits {
  if (member === null) return withoutLimits(memberRef(teamId, userId));
  let limits = compiled.get(member);
  if (limits === undefined) {
    limits = compileLimits(memberPolicy(member));
    compiled.set(member, limits);
  }
  return limits;
}

function organizationMemberLimits(member: LimitedOrganizationMember): OwnerLimits {
  let limits = compiled.get(member);
  if (limits === undefined) {
    limits = compileLimits(organizationMemberPolicy(member));
    compiled.set(member, limits);
  }
  return limits;
}
