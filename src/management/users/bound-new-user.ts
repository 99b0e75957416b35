import { NO_STANDING } from '../../core/call-path.ts';
import type { Caller } from '../../core/caller.ts';
import { type KeyCeiling, type KeyDraft, limitsOfDraft } from '../../core/ceiling-terms.ts';
import { assertWithinCeiling, inheritCeiling } from '../../core/key-ceiling.ts';
import { ownerPolicy } from '../../core/owner-policy.ts';
import type { OrganizationRecord, UserRecord } from '../../core/owner-records.ts';
import { isAdmin } from '../../core/rights.ts';
import { buildCeiling, type CeilingDeps } from '../keys/build-ceiling.ts';
import { buildBlankKey } from '../keys/merge-key-fields.ts';

/**
 * A user whom an administrator of organisations makes may use up no more than its maker: held against the same bounds as a
 * key that it would make. What the request leaves open is taken over from the maker. `asked`: the user as the request
 * alone makes it, without the installation's defaults. Throws forbidden with the field in `param`.
 */
export function boundNewUser(
  deps: CeilingDeps,
  caller: Caller,
  { user, asked, organizations }: { user: UserRecord; asked: UserRecord; organizations: readonly OrganizationRecord[] },
): UserRecord {
  if (isAdmin(caller)) return user;
  const ceiling = buildUserCeiling(deps, caller, user.id, organizations);
  const draft = inheritCeiling(toDraft(user), toDraft(asked), ceiling);
  assertWithinCeiling(draft, ceiling);
  return { ...user, ...limitsOfDraft(draft), models: draft.key.models };
}

function buildUserCeiling(
  deps: CeilingDeps,
  caller: Caller,
  userId: string,
  organizations: readonly OrganizationRecord[],
): KeyCeiling {
  const facts = { capacity: 'manager', before: null, userId, standing: NO_STANDING } as const;
  const ceiling = buildCeiling(deps, caller, facts);
  const lists = organizations.map(({ id, models }) => ({ whose: `organization=${id}`, models, carried: false }));
  // A user is no secret that could be spoken with, and its role decides which routes it may call.
  return {
    ...ceiling,
    models: [...ceiling.models, ...lists],
    inOthersName: false,
    world: { ...ceiling.world, mayCall },
  };
}

function mayCall(): boolean {
  return true;
}

/** The user in the form that bounds are held against: a key with its models, linked to a row with its limits. */
function toDraft(user: UserRecord): KeyDraft {
  const { modelRpmLimit, modelTpmLimit } = ownerPolicy('user', user);
  const { createdBy, createdAtMs: nowMs } = user;
  const blank = buildBlankKey({ keyId: user.id, hash: '', mask: null, createdBy, nowMs });
  const { temp_budget_increase: increase = null, temp_budget_expiry: expiry = null } = user.metadata;
  return {
    key: {
      ...blank,
      models: user.models,
      metadata: { temp_budget_increase: increase, temp_budget_expiry: expiry },
    },
    budget: { ...user, modelRpmLimit, modelTpmLimit },
    team: null,
  };
}
