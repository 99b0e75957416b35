import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { type KeyOwners, refuseOwners } from '../../core/key-owners.ts';
import { type Capacity, capacityFor, type KeyAct } from '../../core/permissions.ts';
import { isGoverned } from './build-ceiling.ts';

const OWNERS = [
  { field: 'userId', param: 'user_id' },
  { field: 'teamId', param: 'team_id' },
  { field: 'organizationId', param: 'organization_id' },
] as const satisfies readonly { field: keyof KeyOwners; param: string }[];

/** True when the two rows belong to the same user, team and organisation. */
export function hasSameOwners(one: KeyOwners, other: KeyOwners): boolean {
  return OWNERS.every(({ field }) => one[field] === other[field]);
}

/**
 * Ownership stays within the caller's reach: before the change and after it. One's own key may be taken into a team or an
 * organisation and not out of it, since its limits would lapse; a member leaves the team's keys where they are. A calling key
 * that is confined itself moves keys to nowhere else, whoever has it.
 * `standing`: that of the key after the change. Throws forbidden, bad_request.
 */
export function assertMayMove(
  caller: Caller,
  act: KeyAct,
  capacity: Capacity,
  { before, next, standing }: { before: KeyRecord; next: KeyRecord; standing: Standing },
): void {
  const moved = OWNERS.filter(({ field }) => next[field] !== before[field]);
  if (capacity === 'admin') {
    assertOwners(refuseOwners(caller, act, next, standing));
    return;
  }
  const governed = isGoverned(caller, before);
  const kept = moved.find(
    ({ field }) => governed || capacity === 'member' || (capacity === 'owner' && before[field] !== null),
  );
  if (kept !== undefined)
    throw kept.field === 'userId' && next.userId === null ? mayNotLeave() : mayNotMove(kept.param);
  assertOwners(refuseOwners(caller, act, next, standing));
  const afterwards = capacityFor(caller, 'update', next, standing.path.team);
  if (afterwards instanceof GatewayError) throw mayNotMove(moved[0]?.param ?? 'user_id');
}

function assertOwners(refusal: GatewayError | undefined): void {
  if (refusal !== undefined) throw refusal;
}

function mayNotMove(param: string): GatewayError {
  return new GatewayError('forbidden', `${param}: you may not change whose this key is.`, { param });
}

/** Without its user a key would be out of reach of what limits that user. */
function mayNotLeave(): GatewayError {
  return new GatewayError('forbidden', 'You cannot remove the user_id of a key.', { param: 'user_id' });
}
