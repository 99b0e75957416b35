import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import type { JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import { assertWithinCeiling, inheritCeiling } from '../../core/key-ceiling.ts';
import { refuseGeneration, refuseUnknownTeam } from '../../core/key-generation-rules.ts';
import { refuseOwners, settleOwners } from '../../core/key-owners.ts';
import { boundMemberKey } from '../../core/member-key-lifetime.ts';
import type { Capacity, KeyAct } from '../../core/permissions.ts';
import { isAdmin, isOrganizationAdmin, mayManageTeam } from '../../core/rights.ts';
import { assertAlias } from './assert-alias.ts';
import { assertServiceAccount } from './assert-service-account.ts';
import { buildCeiling, type CeilingDeps } from './build-ceiling.ts';
import { toDraft } from './find-key-for.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { mergeKeyFields } from './merge-key-fields.ts';
import { nameOf } from './revise-key.ts';

export interface PlannedKey {
  key: KeyRecord;
  /** Who stands behind it, as they were when it was decided. */
  standing: Standing;
}

/**
 * The key that a request makes of a blank one: whose it is, and no more than its maker. What the request leaves open
 * follows from who asks. `asked`: the request's own fields, `fields`: with the installation's defaults, `request`: the
 * request as it came. Throws forbidden, bad_request, management_refused, team_member_permission, with the field in `param`.
 */
export async function planNewKey(
  deps: CeilingDeps & Pick<KeyManagement, 'standingOf'>,
  caller: Caller,
  blank: KeyRecord,
  {
    fields,
    asked,
    request,
    nowMs,
    act = 'generate',
  }: { fields: KeyFields; asked: KeyFields; request: JsonObject; nowMs: number; act?: KeyAct },
): Promise<PlannedKey> {
  const merged = mergeKeyFields(blank, fields, nowMs);
  assertAlias(merged.alias, deps.settings);
  const { userId, teamId, organizationId } = merged;
  const owners = settleOwners(caller, { userId, teamId, organizationId }, act);
  const standing = await deps.standingOf({ ...owners, budgetId: merged.budgetId });
  const refusal = refuseOwners(caller, act, owners, standing) ?? refuseByRules();
  if (refusal !== undefined) throw refusal;
  assertServiceAccount(null, { ...merged, ...owners }, fields);

  const ceiling = buildCeiling(deps, caller, {
    capacity: capacityOf(),
    before: null,
    userId: owners.userId,
    standing,
  });
  const draft = inheritCeiling(
    toDraft({ ...merged, ...owners }, standing),
    toDraft(mergeKeyFields(blank, asked, nowMs), standing),
    ceiling,
  );
  assertWithinCeiling(draft, ceiling);
  const isForAnother = owners.userId !== null && owners.userId !== caller.userId;
  const key = boundMemberKey(draft.key, asked.duration != null, standing.path.team, nowMs);
  return { key: { ...key, governedBy: isForAnother ? nameOf(caller) : null }, standing };

  function refuseByRules() {
    const { team } = standing.path;
    if (team === null && owners.teamId !== null) {
      return refuseUnknownTeam(deps.settings.generation, owners.teamId);
    }
    const given = Object.keys(request).filter((name) => request[name] !== null && request[name] !== '');
    return refuseGeneration(deps.settings.generation, caller, team, new Set(given));
  }

  function capacityOf(): Capacity {
    if (isAdmin(caller)) return 'admin';
    const { team } = standing.path;
    const manages = team === null ? isOrganizationAdmin(caller, owners.organizationId) : mayManageTeam(caller, team);
    return manages ? 'manager' : 'owner';
  }
}
