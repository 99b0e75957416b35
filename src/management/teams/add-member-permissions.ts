import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertAdmin } from '../../core/rights.ts';
import { DEFAULT_MEMBER_PERMISSIONS, type MemberPermission } from '../../core/team-permissions.ts';
import { assertTexts } from '../owners/assert-text.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { getDone } from '../owners/owner-conflict.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';

export interface PermissionsForMany {
  permissions: readonly MemberPermission[];
  /** Null: none are named. */
  teamIds: readonly string[] | null;
  /** Every team there is, instead. */
  all: boolean;
}

const ROUTE = '/team/permissions_bulk_update';
/** As many teams as one transaction changes. */
const BATCH = 500;

/**
 * Opens further routes to the plain members of teams, beside those that a team opens already; returns how many teams were
 * changed. Throws not_admin, bad_request where it is not said which teams, not_found, naming those that there are not.
 */
export async function addMemberPermissions(
  deps: Pick<OwnerManagement, 'owners' | 'transact' | 'newId'>,
  caller: Caller,
  actor: Actor,
  { permissions, teamIds, all }: PermissionsForMany,
): Promise<number> {
  assertAdmin(caller, ROUTE);
  if (permissions.length === 0) return 0;
  const named = [...new Set(teamIds ?? [])];
  if (all === named.length > 0) {
    throw new GatewayError('bad_request', 'Provide either team_ids or apply_to_all_teams=true, and not both.', {
      param: 'team_ids',
    });
  }
  assertTexts(named, 'team_ids');
  if (!all) await assertTeamsExist(deps, named);
  let updated = 0;
  for (const batch of await listBatches(deps, all ? null : named)) {
    const done = await deps.transact(async (unit) => {
      const trail = auditTrail(deps, actor, unit.nowMs);
      const changes = (await unit.teams.findWhere({ id: batch })).flatMap((before) => {
        const open = before.memberPermissions ?? DEFAULT_MEMBER_PERMISSIONS;
        if (permissions.every((permission) => open.includes(permission))) return [];
        const memberPermissions = [...new Set([...open, ...permissions])];
        const stamps = changeStamps(before, nameOfCaller(caller), unit.nowMs);
        return [{ before, after: { ...before, memberPermissions, ...stamps } }];
      });
      for (const { after } of changes) await unit.teams.update(after);
      await unit.audit(changes.map(({ before, after }) => trail.team('updated', before, after)));
      return changes.length;
    });
    updated += getDone(done);
  }
  return updated;
}

async function assertTeamsExist(
  { owners }: Pick<OwnerManagement, 'owners'>,
  teamIds: readonly string[],
): Promise<void> {
  const found = new Set((await owners.teams.findMany(teamIds)).map(({ id }) => id));
  const missing = teamIds.filter((id) => !found.has(id));
  if (missing.length === 0) return;
  const shown = missing.slice(0, 20).map((id) => `'${id}'`);
  throw new GatewayError('not_found', `Teams not found: ${shown.join(', ')}`, { param: 'team_ids' });
}

async function listBatches(
  { owners }: Pick<OwnerManagement, 'owners'>,
  named: readonly string[] | null,
): Promise<string[][]> {
  const ids = [...(named ?? [])];
  if (named === null) {
    const query = { scope: 'all', sortBy: 'id', sortOrder: 'asc', limit: BATCH } as const;
    for (let offset = 0; ; offset += BATCH) {
      const { records } = await owners.teams.list({ ...query, offset });
      ids.push(...records.map(({ id }) => id));
      if (records.length < BATCH) break;
    }
  }
  const batches = Math.ceil(ids.length / BATCH);
  return Array.from({ length: batches }, (_, index) => ids.slice(index * BATCH, (index + 1) * BATCH));
}
