import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isAdmin } from '../../core/rights.ts';
import { type AddedMembers, addMembers, getTeamToJoin, type MemberAddition } from './add-members.ts';
import { acceptNewMembers, memberExists, type NewMember } from './new-members.ts';
import type { TeamManagement } from './team-management.ts';

export interface BulkAddition extends MemberAddition {
  /** Everybody who is a user, instead of `people`. */
  allUsers: boolean;
}

export interface BulkAdded {
  /** One for each person asked for, in that order; error null: the person is in the team now. */
  results: readonly { person: NewMember; userId: string | null; error: string | null }[];
  /** Null: nobody was added. */
  added: AddedMembers | null;
}

const MAX_MEMBERS = 500;

/**
 * Adds people to a team and says of each what became of it: who is in it already stays as it is, and all others are added
 * in one transaction. Throws what addMembers does, but for those who are members.
 */
export async function bulkAddMembers(
  deps: TeamManagement,
  caller: Caller,
  actor: Actor,
  { allUsers, ...addition }: BulkAddition,
): Promise<BulkAdded> {
  if (allUsers && !isAdmin(caller)) throw notEverybody();
  getTeamToJoin(deps, caller, await deps.owners.teams.find([addition.teamId]), addition);
  const asked = allUsers ? await listEverybody(deps) : acceptNewMembers(addition.people);
  if (asked.length === 0) {
    throw new GatewayError('bad_request', 'At least one member is required', { param: 'members' });
  }
  if (asked.length > MAX_MEMBERS) {
    throw new GatewayError('bad_request', `Maximum ${MAX_MEMBERS} members can be added at once`, { param: 'members' });
  }
  const present = await findPresent(deps, addition.teamId, asked);
  const seen = new Set<string>();
  const results = asked.map((person) => {
    const name = person.userId ?? person.email ?? '';
    const isKnown = present.has(name) || seen.has(name);
    seen.add(name);
    return { person, userId: person.userId, error: isKnown ? memberExists(name).message : null };
  });
  const people = results.flatMap(({ person, error }) => (error === null ? [person] : []));
  if (people.length === 0) return { results, added: null };
  const added = await addMembers(deps, caller, actor, { ...addition, people });
  const byEmail = new Map(added.users.map(({ id, email }) => [email, id]));
  return {
    results: results.map((result) => ({
      ...result,
      userId: result.userId ?? byEmail.get(result.person.email) ?? null,
    })),
    added,
  };
}

function notEverybody(): GatewayError {
  const message = '`all_users=true` is restricted to PROXY_ADMIN. Org/team admins must specify explicit member lists.';
  return new GatewayError('forbidden', message, { param: 'all_users', detail: { error: message } });
}

/** Ids and addresses of those of the people who are members. */
async function findPresent(
  { owners }: TeamManagement,
  teamId: string,
  people: readonly NewMember[],
): Promise<ReadonlySet<string>> {
  const email = people.flatMap((person) => (person.userId === null && person.email !== null ? [person.email] : []));
  const query = { scope: 'all', limit: MAX_MEMBERS, offset: 0 } as const;
  const { records: known } =
    email.length === 0 ? { records: [] } : await owners.users.list({ ...query, where: { email } });
  const ids = [...people.flatMap(({ userId }) => userId ?? []), ...known.map(({ id }) => id)];
  const { records } = await owners.teamMembers.list({ ...query, where: { teamId, userId: ids } });
  const present = new Set(records.map(({ userId }) => userId));
  return new Set([...present, ...known.flatMap(({ id, email: address }) => (present.has(id) ? (address ?? []) : []))]);
}

async function listEverybody({ owners }: TeamManagement): Promise<NewMember[]> {
  const { records } = await owners.users.list({ scope: 'all', limit: MAX_MEMBERS + 1, offset: 0 });
  return records.map(({ id }) => ({ userId: id, email: null, role: 'user' }));
}
