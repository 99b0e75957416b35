import type { Json } from '../../core/json.ts';
import type { Limits } from '../../core/limits.ts';
import { type AccessGroupsOf, findModelBeyond } from '../../core/model-subset.ts';
import type { OwnerKind } from '../../core/owner.ts';
import { ownerPolicy } from '../../core/owner-policy.ts';
import type { OwnerRecord } from '../../core/owner-records.ts';
import { findRaisedLimit } from '../../core/raised-limits.ts';

/** An owner, and the limits that hold for it: with a linked budget row filled in. */
export interface OwnerState<R extends OwnerRecord = OwnerRecord> {
  record: R;
  limits: Limits;
}

/** Budgets and checks hang on these, or are these: they may be added to and not taken from. */
const LISTS = ['tags', 'guardrails', 'enforced_params'];
/** What opens or loosens something when a call comes. */
const FIXED = [
  'allow_client_mock_response',
  'allow_modify_guardrails',
  'allowed_passthrough_routes',
  'allowed_vector_store_indexes',
  'access_group_ids',
  'budget_fallbacks',
  'disable_global_guardrails',
  'object_permission',
  'policies',
  'router_settings',
  'temp_budget_increase',
  'temp_budget_expiry',
  'throttle_on_budget_exceeded',
];

/**
 * The first field, by its name on the wire, with which a change would let an owner do more than it may now; null: the
 * change keeps or narrows. For those who may change an owner and not what it may use up.
 */
export function findRaise(
  kind: OwnerKind,
  before: OwnerState,
  after: OwnerState,
  accessGroupsOf: AccessGroupsOf,
): string | null {
  const [was, is] = [before.record, after.record];
  if (is.budgetId !== was.budgetId) return 'budget_id';
  if (was.blocked && !is.blocked) return 'blocked';
  const limit = findRaisedLimit(withLimitsOfMetadata(kind, before), withLimitsOfMetadata(kind, after));
  if (limit !== null) return limit;
  if (findModelBeyond(is.models, was.models, accessGroupsOf) !== null) return 'models';
  for (const name of LISTS) {
    const kept = new Set(textsOf(is.metadata[name]));
    if (textsOf(was.metadata[name]).some((text) => !kept.has(text))) return name;
  }
  for (const name of FIXED) {
    if (!isSame(was.metadata[name], is.metadata[name]) || !isSame(was.extra[name], is.extra[name])) return name;
  }
  return null;
}

/** Limits per model may stand in the metadata as well. */
function withLimitsOfMetadata(kind: OwnerKind, { record, limits }: OwnerState): Limits {
  const { modelRpmLimit, modelTpmLimit } = ownerPolicy(kind, record);
  return { ...limits, modelRpmLimit, modelTpmLimit };
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
