import { GatewayError } from '../../core/gateway-error.ts';
import type { OrganizationMemberRecord } from '../../core/owner-records.ts';
import type { OwnerReaders } from '../../storage/owners/owner-storage.ts';
import { labelPerson, type PersonName } from '../members/person-name.ts';
import { label } from './organization-management.ts';

/** The member that a request names. Throws not_found. */
export async function getOrganizationMember(
  { users, organizationMembers }: Pick<OwnerReaders, 'users' | 'organizationMembers'>,
  organizationId: string,
  person: PersonName,
): Promise<OrganizationMemberRecord> {
  const userId = person.userId ?? (await findByEmail(users, person.email));
  const member = userId === undefined ? undefined : await organizationMembers.find([organizationId, userId]);
  if (member === undefined) throw notInOrganization(organizationId, person);
  return member;
}

async function findByEmail(users: OwnerReaders['users'], email: string | null): Promise<string | undefined> {
  if (email === null) return undefined;
  const { records } = await users.list({ scope: 'all', where: { email }, limit: 1, offset: 0 });
  return records[0]?.id;
}

export function notInOrganization(organizationId: string, person: PersonName): GatewayError {
  const message = `User not found in organization. Organization=${label(organizationId)}, ${labelPerson(person)}`;
  return new GatewayError('not_found', message, { param: 'user_id', detail: { error: message } });
}
