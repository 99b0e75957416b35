import { findEnvironmentReferences } from '../../core/callback-secrets.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Limits } from '../../core/limits.ts';
import { isModelAllowed } from '../../core/model-access.ts';
import { findModelBeyond } from '../../core/model-subset.ts';
import { ownerPolicy } from '../../core/owner-policy.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import { findRaisedLimit } from '../../core/raised-limits.ts';
import { isAdmin } from '../../core/rights.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import { mayGovern } from './team-rights.ts';

export interface TeamState {
  team: TeamRecord;
  /** Those that hold, with a linked budget row filled in. */
  limits: Limits;
}

/**
 * Who administers a team changes what is in it, and never what it may use up: that is for those above it. Narrowing is
 * allowed. Throws forbidden with the field in `param`.
 */
export function assertNoRaise(
  { accessGroupsOf }: Pick<OwnerManagement, 'accessGroupsOf'>,
  caller: Caller,
  before: TeamState,
  after: TeamState,
): void {
  assertNoNewReferences(caller, before.team.metadata, after.team.metadata);
  if (mayGovern(caller, before.team)) return;
  const [was, is] = [before.team, after.team];
  if (is.organizationId !== was.organizationId) throw raised('organization_id');
  if (is.budgetId !== was.budgetId) throw raised('budget_id');
  if (was.blocked && !is.blocked) throw raised('blocked');
  const limit = findRaisedLimit(withLimitsOfMetadata(before), withLimitsOfMetadata(after));
  if (limit !== null) throw raised(limit);
  if (findModelBeyond(is.models, was.models, accessGroupsOf) !== null) throw raised('models');
  for (const [alias, target] of Object.entries(is.modelAliases)) {
    if (own(was.modelAliases, alias) === target) continue;
    const question = { requested: target, resolved: target, allowed: is.models, accessGroupsOf };
    if (!isModelAllowed(question)) throw raised('model_aliases');
  }
  for (const name of LISTS) {
    const kept = new Set(textsOf(is.metadata[name]));
    if (textsOf(was.metadata[name]).some((text) => !kept.has(text))) throw raised(name);
  }
  for (const name of FIXED) if (!isSame(was.metadata[name], is.metadata[name])) throw raised(name);
  for (const name of FIXED) if (!isSame(was.extra[name], is.extra[name])) throw raised(name);
}

/** Limits per model may stand in the metadata as well. */
function withLimitsOfMetadata({ team, limits }: TeamState): Limits {
  const { modelRpmLimit, modelTpmLimit } = ownerPolicy('team', team);
  return { ...limits, modelRpmLimit, modelTpmLimit };
}

/** Budgets and checks hang on these: they may be added to and not taken from. */
const LISTS = ['tags', 'guardrails'];
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
 * `os.environ/NAME` in a log destination is read from the server's environment, which nobody but an administrator may
 * point to. Throws forbidden.
 */
export function assertNoNewReferences(caller: Caller, before: JsonObject, after: JsonObject): void {
  if (isAdmin(caller)) return;
  const known = new Set(findEnvironmentReferences(before));
  if (findEnvironmentReferences(after).every((reference) => known.has(reference))) return;
  throw new GatewayError('forbidden', "Only a proxy admin may refer to the server's environment (os.environ/…).", {
    param: 'callback_vars',
  });
}

function raised(param: string): GatewayError {
  return new GatewayError(
    'forbidden',
    `An admin of the team may not change ${param} so that the team may do more than it may now. ` +
      "Ask a proxy admin or an admin of the team's organization.",
    { param },
  );
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function own(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
