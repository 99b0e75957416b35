import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import type { KeyCeiling, KeyDraft } from '../../core/ceiling-terms.ts';
import { assertWithinCeiling } from '../../core/key-ceiling.ts';
import { refuseOutside } from '../../core/key-owners.ts';
import { isOrganizationAdmin, teamRoleOf } from '../../core/rights.ts';

/**
 * Whoever rotates a key is shown its secret, so the key as a whole must be within the calling key and where that one is, and speak with no name
 * that can do more than the caller. Throws `forbidden` (403) with the field in `param`.
 */
export function assertMayHold(caller: Caller, draft: KeyDraft, ceiling: KeyCeiling, standing: Standing): void {
  if (caller.key?.keyId === draft.key.keyId) return;
  const outside = refuseOutside(caller, draft.key, standing);
  if (outside !== undefined) throw outside;
  assertWithinCeiling(draft, {
    ...ceiling,
    keys: ceiling.keys.filter(({ isBefore }) => !isBefore),
    // Behind a key of the whole team the caller's own limits would not stand any more.
    limits: ceiling.capacity === 'member' ? ceiling.limits : [],
    models: [],
    // A session has no key whose grants could be fewer: what its user owns or manages, it may be shown.
    before: caller.key === null ? draft.key : null,
    inOthersName: ceiling.inOthersName && !isWithin(caller, standing),
    world: { ...ceiling.world, mayCall: () => true },
  });
}

/** The user behind the key administers and belongs to nothing beyond what the caller does. */
function isWithin(caller: Caller, { path, memberships }: Standing): boolean {
  const role = path.user?.role ?? 'internal_user';
  if (role !== 'internal_user' && role !== 'internal_user_viewer') return false;
  const teams = memberships.teams.every(
    ({ teamId }) => teamId === path.team?.id || teamRoleOf(caller, teamId) === 'admin',
  );
  return teams && memberships.organizations.every(({ organizationId }) => isOrganizationAdmin(caller, organizationId));
}
