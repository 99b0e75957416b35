import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { isAdmin } from '../../core/rights.ts';
import type { KeyLinkReaders } from '../../storage/storage.ts';

/**
 * Those who stood behind a new key when it was decided are still there: a key of somebody who is deleted in that very moment
 * would live on, and with nobody's limits. Only administrators name whom there is not. Run by the transaction that writes
 * the key, and whoever deletes them waits for it. Locks the team first, as whoever changes a team does. Throws conflict.
 */
export async function assertOwnersStay(
  owners: KeyLinkReaders,
  caller: Caller,
  key: KeyRecord,
  { path }: Standing,
): Promise<void> {
  /** Whom to look for: who was there, or has to be. */
  const sought = (known: { id: string } | null, named: string | null) => known?.id ?? (isAdmin(caller) ? null : named);
  const teamId = sought(path.team, key.teamId);
  const organizationId = sought(path.organization, key.organizationId);
  const userId = sought(path.user, key.userId);
  if (teamId !== null && (await owners.teams.find([teamId])) === undefined) throw deletedMeanwhile('team');
  if (organizationId !== null && (await owners.organizations.find([organizationId])) === undefined) {
    throw deletedMeanwhile('organization');
  }
  if (userId !== null && (await owners.users.find([userId])) === undefined) throw deletedMeanwhile('user');
}

function deletedMeanwhile(kind: 'team' | 'organization' | 'user'): GatewayError {
  const message = `The key's ${kind} was deleted at the same moment, so no key was made.`;
  return new GatewayError('conflict', message, { param: `${kind}_id` });
}
