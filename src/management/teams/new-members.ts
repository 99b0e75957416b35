import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { memberRef } from '../../core/owner.ts';
import type { TeamMemberRecord, TeamRecord, TeamRole, UserRecord } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { assertMayBring } from '../members/assert-may-bring.ts';
import { acceptPersonName, type PersonName } from '../members/person-name.ts';
import { type PeopleDeps, resolvePeople } from '../members/resolve-people.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import type { LimitFields } from '../owners/limit-fields.ts';
import { buildMember } from './build-member.ts';

/** Somebody who is to be in a team. */
export interface NewMember extends PersonName {
  role: TeamRole;
}

export interface InsertedMembers {
  members: TeamMemberRecord[];
  createdUsers: UserRecord[];
}

/** One transaction for all of them. */
const MAX_MEMBERS = 1_000;

/** The names in the form that is stored. Throws bad_request for too many, and for whom nothing names. */
export function acceptNewMembers(members: readonly NewMember[]): NewMember[] {
  if (members.length > MAX_MEMBERS) {
    throw new GatewayError('bad_request', `At most ${MAX_MEMBERS} members can be added at once.`, { param: 'member' });
  }
  return members.map((member) => ({ role: member.role, ...acceptPersonName(member) }));
}

/**
 * Puts people into a team as a part of a transaction, and makes users of those who are none yet. All or nobody: who is in
 * the team already, or named twice, is a refusal. Throws team_member_exists, forbidden, bad_request, conflict.
 */
export async function insertMembers(
  unit: WriteUnit,
  deps: PeopleDeps,
  caller: Caller,
  team: TeamRecord,
  added: { people: readonly NewMember[]; limits: LimitFields; models: readonly string[] | null },
): Promise<InsertedMembers> {
  const by = nameOfCaller(caller);
  const { userIds, users, created } = await resolvePeople(unit, added.people, deps, by);
  const known = userIds.flatMap((id) => users.get(id) ?? []).filter((user) => !created.includes(user));
  await assertMayBring(unit, caller, known, team.organizationId);
  const { limits, models } = added;
  const members = added.people.map(({ role }, index) =>
    buildMember(team, { userId: userIds[index] as string, role, limits, models, by, nowMs: unit.nowMs }),
  );
  const seen = new Set<string>();
  for (const member of members) {
    if (seen.has(member.userId)) throw memberExists(member.userId);
    seen.add(member.userId);
    if (!(await unit.teamMembers.insert(member))) throw memberExists(member.userId);
  }
  return { members, createdUsers: created };
}

export function memberExists(userId: string): GatewayError {
  return new GatewayError('team_member_exists', `User already in team. Member: user_id=${userId.slice(0, 256)}`, {
    param: 'member',
  });
}

/** A member as an owner of spend. */
export function refOf({ teamId, userId }: TeamMemberRecord) {
  return memberRef(teamId, userId);
}
