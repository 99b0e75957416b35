import { GatewayError } from '../../core/gateway-error.ts';
import type { TeamMemberRecord, UserRecord } from '../../core/owner-records.ts';
import type { OwnerReaders } from '../../storage/owners/owner-storage.ts';
import { labelPerson, type PersonName } from '../members/person-name.ts';

export interface FoundMember {
  member: TeamMemberRecord;
  user: UserRecord | undefined;
}

/** The member that a request names. Throws bad_request, with LiteLLM's words in `detail` as well. */
export async function getMember(
  owners: Pick<OwnerReaders, 'users' | 'teamMembers'>,
  teamId: string,
  person: PersonName,
): Promise<FoundMember> {
  const user = await findUser(owners, person);
  const userId = person.userId ?? user?.id;
  const member = userId === undefined ? undefined : await owners.teamMembers.find([teamId, userId]);
  if (member === undefined) throw notInTeam(teamId, person);
  return { member, user };
}

async function findUser({ users }: Pick<OwnerReaders, 'users'>, { userId, email }: PersonName) {
  if (userId !== null) return users.find([userId]);
  if (email === null) return undefined;
  const { records } = await users.list({ scope: 'all', where: { email }, limit: 1, offset: 0 });
  return records[0];
}

export function notInTeam(teamId: string, person: PersonName): GatewayError {
  const message = `User not found in team. Team=${teamId.slice(0, 256)}, ${labelPerson(person)}`;
  return new GatewayError('bad_request', message, { param: 'user_id', detail: { error: message } });
}
