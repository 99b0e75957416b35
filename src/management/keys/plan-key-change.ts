import type { Standing } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import type { KeyRecord } from '../../core/key.ts';
import { assertWithinCeiling } from '../../core/key-ceiling.ts';
import { refuseMemberRole, refuseUnknownTeam } from '../../core/key-generation-rules.ts';
import { assertMemberKeyLives } from '../../core/member-key-lifetime.ts';
import type { Capacity, KeyAct } from '../../core/permissions.ts';
import { assertAlias } from './assert-alias.ts';
import { assertMayHold } from './assert-may-hold.ts';
import { assertMayMove, hasSameOwners } from './assert-may-move.ts';
import { assertMayRelieve } from './assert-may-relieve.ts';
import { assertServiceAccount } from './assert-service-account.ts';
import { buildCeiling, type CeilingDeps } from './build-ceiling.ts';
import { changedMeanwhile, type FoundKey, toDraft } from './find-key-for.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { mergeKeyFields } from './merge-key-fields.ts';

export interface PlannedChange {
  act: KeyAct;
  fields: KeyFields;
  nowMs: number;
}

/** Who sees to it how long keys of others live, and may let a single one live longer. */
const MANAGERS: ReadonlySet<Capacity> = new Set(['admin', 'manager']);

/** What was decided about a change. */
export interface KeyChangePlan {
  /** Asks the same of the row inside the transaction, which may have become another one meanwhile. Throws. */
  assertMayBecome: (current: KeyRecord) => void;
  /** Who stands behind what the key becomes, as they were then. */
  standing: Standing;
}

/**
 * Whether the caller may make this of a key that it may change at all: what the key becomes, and whose. Throws
 * `forbidden` (403), `bad_request` or `management_refused`, with the field in `param`.
 */
export async function planKeyChange(
  deps: CeilingDeps & Pick<KeyManagement, 'standingOf'>,
  caller: Caller,
  found: FoundKey,
  { act, fields, nowMs }: PlannedChange,
): Promise<KeyChangePlan> {
  const { draft, capacity } = found;
  const before = draft.key;
  const next = mergeKeyFields(before, fields, nowMs);
  // An alias from before there were rules for it stays as it is.
  if (next.alias !== before.alias) assertAlias(next.alias, deps.settings);
  const isMoved = !hasSameOwners(before, next);
  const isRelinked = isMoved || next.budgetId !== before.budgetId;
  const standing = isRelinked ? await deps.standingOf(next) : found.standing;
  if (isMoved) assertMayMove(caller, act, capacity, { before, next, standing });
  const { team } = standing.path;
  if (next.teamId !== null && next.teamId !== before.teamId) {
    const { generation } = deps.settings;
    const refusal =
      team === null
        ? refuseUnknownTeam(generation, next.teamId)
        : refuseMemberRole(generation.team.memberRoles, caller, team);
    if (refusal !== undefined) throw refusal;
  }
  check(before);
  return { assertMayBecome, standing };

  function assertMayBecome(current: KeyRecord): void {
    if (!hasSameOwners(current, before) || current.budgetId !== before.budgetId) throw changedMeanwhile();
    if (current.updatedAtMs !== before.updatedAtMs) check(current);
  }

  function check(current: KeyRecord): void {
    const unblocks = current.blocked === true && fields.blocked !== undefined && fields.blocked !== true;
    if (unblocks) assertMayRelieve(caller, capacity, current, 'blocked');
    if (fields.spendNanoUsd !== undefined) assertMayRelieve(caller, capacity, current, 'spend');
    const was = { ...draft, key: current };
    const becomes = toDraft(mergeKeyFields(current, fields, nowMs), standing);
    assertServiceAccount(current, becomes.key, fields);
    const ceiling = buildCeiling(deps, caller, { capacity, before: was, userId: becomes.key.userId, standing });
    assertWithinCeiling(becomes, ceiling, isMoved ? undefined : was);
    const livesOn = isMoved || endOf(becomes.key) > endOf(current);
    if (livesOn && !MANAGERS.has(capacity)) assertMemberKeyLives(becomes.key, team, nowMs);
    if (act === 'regenerate') assertMayHold(caller, becomes, ceiling, standing);
  }
}

function endOf({ expiresAtMs }: KeyRecord): number {
  return expiresAtMs ?? Number.POSITIVE_INFINITY;
}
