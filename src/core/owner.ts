/**
 * An owner is whoever a limit belongs to. Every owner on a request's path is handled by the same code;
 * the kind matters only for the words of a refusal.
 */
export const OWNER_KINDS = [
  'key',
  'user',
  'member',
  'team',
  'organization_member',
  'organization',
  'end_user',
  'tag',
  'proxy',
] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

export interface OwnerRef {
  kind: OwnerKind;
  /** For keys the immutable `key_id`, so that limits survive a change of secret. */
  id: string;
}

/** `key:key_abc`: how an owner is written in counter ids and in the ledger. */
export function ownerName(owner: OwnerRef): string {
  return `${owner.kind}:${owner.id}`;
}

/** A person in a team, as an owner. Both names are written so that no name can be mistaken for two. */
export function memberRef(teamId: string, userId: string): OwnerRef {
  return { kind: 'member', id: `${encodeURIComponent(teamId)}/${encodeURIComponent(userId)}` };
}

/** A person in an organisation. */
export function organizationMemberRef(organizationId: string, userId: string): OwnerRef {
  return { kind: 'organization_member', id: memberRef(organizationId, userId).id };
}

/** The names behind `memberRef`. */
export function memberNames(id: string): { teamId: string; userId: string } {
  const [teamId = '', userId = ''] = id.split('/').map(decodeURIComponent);
  return { teamId, userId };
}
