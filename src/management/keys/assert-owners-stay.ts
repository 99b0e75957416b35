import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { isAdmin } from '../../core/rights.ts';
import type { AssertLinks } from '../../storage/storage.ts';

/**
 * Those who stood behind a new or moved key when it was decided are still there: a key of somebody who is deleted in that
 * very moment would live on, and with nobody's limits. Only administrators name whom there is not. Whoever did not change is
 * not looked for. Run by the transaction that writes the key, and whoever deletes them waits for it. `then` is run while
 * the team is locked and the others are not: it locks what a key is linked to in the order in which whoever changes a team
 * does (assert-throughput.ts), and in another order the two would wait for each other. Throws conflict.
 */
export function assertOwnersStay(caller: Caller, { path }: Standing, then: AssertLinks): AssertLinks {
  return async (owners, next, before) => {
    /** Whom to look for: who was there, or has to be. */
    const sought = (known: { id: string } | null, field: 'teamId' | 'organizationId' | 'userId', isNew: boolean) =>
      isNew ? (known?.id ?? (isAdmin(caller) ? null : next[field])) : null;
    const isNew = (field: keyof KeyRecord) => next[field] !== before?.[field];
    const inTeam = isNew('teamId');
    const teamId = sought(path.team, 'teamId', inTeam);
    const organizationId = sought(path.organization, 'organizationId', inTeam || isNew('organizationId'));
    const userId = sought(path.user, 'userId', isNew('userId'));
    if (teamId !== null && (await owners.teams.find([teamId])) === undefined) throw deletedMeanwhile('team');
    await then(owners, next, before);
    if (organizationId !== null && (await owners.organizations.find([organizationId])) === undefined) {
      throw deletedMeanwhile('organization');
    }
    if (userId !== null && (await owners.users.find([userId])) === undefined) throw deletedMeanwhile('user');
  };
}

function deletedMeanwhile(kind: 'team' | 'organization' | 'user'): GatewayError {
  const message = `The key's ${kind} was deleted at the same moment, so the key was neither made nor moved.`;
  return new GatewayError('conflict', message, { param: `${kind}_id` });
}
