/** Reports about one key, user, team or organisation: the caller's own, or another that it may ask about. */
import { teamIdOf } from '../../core/call-owners.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isOrganizationAdmin } from '../../core/rights.ts';
import type { UsageFilter } from './ask-usage.ts';
import type { SpendManagement } from './spend-management.ts';
import { seesAllSpend, selectKey } from './spend-scope.ts';

/** What a report is about, by the parameter that names it. */
export type ReportSubject = 'api_key' | 'internal_user_id' | 'team_id' | 'organization_id';

type Filter = Pick<UsageFilter, 'apiKey' | 'userIds' | 'teamIds' | 'organizationIds'>;

/**
 * Whom the report is about; absent: the caller itself, or where it belongs. Throws `forbidden` (403) for what is not the
 * caller's own, and bad_request (400) where the caller has none.
 */
export async function scopeReport(
  deps: Pick<SpendManagement, 'keys'>,
  caller: Caller,
  subject: ReportSubject,
  named: string | undefined,
): Promise<Filter> {
  switch (subject) {
    case 'api_key':
      return { apiKey: await chooseKey(deps, caller, named) };
    case 'internal_user_id':
      return { userIds: [choose(caller, subject, named, caller.userId)] };
    case 'team_id':
      return { teamIds: [choose(caller, subject, named, teamIdOf(caller))] };
    case 'organization_id':
      return { organizationIds: [chooseOrganization(caller, named)] };
  }
}

/** Keys go by several names, and calls under an earlier secret are the key's as well. */
async function chooseKey(
  { keys }: Pick<SpendManagement, 'keys'>,
  caller: Caller,
  named: string | undefined,
): Promise<string> {
  const own = caller.key?.keyId ?? (caller.kind === 'session' ? null : caller.secretHash);
  if (named === undefined || seesAllSpend(caller)) return choose(caller, 'api_key', named, own);
  const found = await selectKey(keys, named);
  if (own === null || found?.keyId !== own) throw notYours('api_key');
  return own;
}

function choose(caller: Caller, subject: ReportSubject, named: string | undefined, own: string | null): string {
  if (named === undefined) {
    if (own !== null) return own;
    throw nothingToReport(subject);
  }
  if (named !== own && !seesAllSpend(caller)) throw notYours(subject);
  return named;
}

function chooseOrganization(caller: Caller, named: string | undefined): string {
  const administered = caller.memberships.organizations.filter(({ role }) => role === 'org_admin');
  if (!seesAllSpend(caller) && administered.length === 0) throw notYourOrganization();
  const own = caller.key?.organizationId ?? administered[0]?.organizationId;
  const id = named ?? own;
  if (id === undefined) throw nothingToReport('organization_id');
  if (!seesAllSpend(caller) && !isOrganizationAdmin(caller, id)) throw notYourOrganization();
  return id;
}

function nothingToReport(param: ReportSubject): GatewayError {
  const message = `No ${param} associated with this API key; pass a ${param} query param`;
  return new GatewayError('bad_request', message, { param, detail: message });
}

function notYours(param: ReportSubject): GatewayError {
  const message = `Not authorized to view spend for a ${param} other than your own`;
  return new GatewayError('forbidden', message, { param, detail: message });
}

function notYourOrganization(): GatewayError {
  const message = 'You do not have access to this organization';
  return new GatewayError('forbidden', message, { param: 'organization_id', detail: message });
}
