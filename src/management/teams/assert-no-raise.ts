import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Limits } from '../../core/limits.ts';
import { isModelAllowed } from '../../core/model-access.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import { isAdmin } from '../../core/rights.ts';
import { assertNoNewReferences } from '../owners/assert-no-new-references.ts';
import { findRaise } from '../owners/find-raise.ts';
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
  assertNoNewPassThrough(caller, before.team.metadata, after.team.metadata);
  if (mayGovern(caller, before.team)) return;
  const [was, is] = [before.team, after.team];
  if (is.organizationId !== was.organizationId) throw raised('organization_id');
  const wider = findRaise(
    'team',
    { record: was, limits: before.limits },
    { record: is, limits: after.limits },
    accessGroupsOf,
  );
  if (wider !== null) throw raised(wider);
  for (const [alias, target] of Object.entries(is.modelAliases)) {
    if (own(was.modelAliases, alias) === target) continue;
    const question = { requested: target, resolved: target, allowed: is.models, accessGroupsOf };
    if (!isModelAllowed(question)) throw raised('model_aliases');
  }
}

/** Which routes lead past the proxy's own is for its administrators alone. Throws forbidden. */
export function assertNoNewPassThrough(caller: Caller, before: JsonObject, after: JsonObject): void {
  const [was, is] = [before, after].map(({ allowed_passthrough_routes: routes }) => JSON.stringify(routes ?? []));
  if (isAdmin(caller) || is === was || is === '[]') return;
  const param = 'allowed_passthrough_routes';
  throw new GatewayError('forbidden', `Only a proxy admin may set ${param} of a team, also in its metadata.${param}.`, {
    param,
  });
}

function raised(param: string): GatewayError {
  return new GatewayError(
    'forbidden',
    `An admin of the team may not change or remove ${param} so that the team may do more than it may now. ` +
      "Ask a proxy admin or an admin of the team's organization.",
    { param },
  );
}

function own(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
