import { teamIdOf } from '../../core/call-owners.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Scope } from '../../core/scope.ts';
import type { UsageDimension, UsageQuery, UsageRow } from '../../storage/usage-storage.ts';
import { askUsage, type UsageDeps, type UsageFilter } from './ask-usage.ts';
import { teamsOpenedTo, usageScopeOf } from './spend-scope.ts';
import { collectUsage } from './sum-usage.ts';
import { type NameDeps, nameUsage, type UsageNames } from './usage-names.ts';

/** What activity is shown of. A call with two tags counts once, and is shown under both. */
export type ActivityEntity = 'user' | 'team' | 'organization' | 'end_user' | 'tags';

export interface Activity {
  /** Sums by day, entity, key, model, model group and provider, newest day first. */
  rows: UsageRow[];
  /** How many such sums there are. */
  total: number;
  names: UsageNames;
}

/**
 * What was called when, by whom and what it cost, as far as the caller may see it. Users who ask about nobody in
 * particular are shown themselves. Without a page everything at once; throws bad_request when that is too much, and
 * forbidden where a user or an organisation is named whose spend is not the caller's to see, not_found for such a team.
 */
export async function listActivity(
  deps: UsageDeps & NameDeps,
  caller: Caller,
  entity: ActivityEntity,
  filter: UsageFilter,
  page?: { limit: number; offset: number },
): Promise<Activity> {
  assertMayName(caller, entity, filter);
  if (entity === 'team') await assertTeamsAreIts(deps, caller, filter.teamIds ?? []);
  const query = await askUsage(deps, caller, filter);
  if (query === undefined) return { rows: [], total: 0, names: await nameUsage(deps, []) };
  const named = { customers: query.scope === 'all' && entity === 'end_user' };
  const scope = entity === 'team' ? await withOpenedTeams(deps, caller, query.scope) : query.scope;
  const narrowed = entity === 'user' ? ownUnlessNamed(query, caller) : { ...query, scope, having: entity };
  const by: readonly UsageDimension[] = ['day', entity, 'key', 'key_hash', 'model', 'model_group', 'provider'];
  if (page === undefined) {
    const rows = (await collectUsage(deps.usage.readAll(narrowed, by, PAGE))).reverse();
    return { rows, total: rows.length, names: await nameUsage(deps, rows, named) };
  }
  const [rows, total] = await Promise.all([deps.usage.page(narrowed, by, page), deps.usage.count(narrowed, by)]);
  return { rows, total, names: await nameUsage(deps, rows, named) };
}

/**
 * Nothing spent and not yours to see are two answers, as in LiteLLM. Whether somebody is there at all is told by neither.
 * Who administers a team or an organisation may ask about its people, and is shown what they did there.
 */
function assertMayName(caller: Caller, entity: ActivityEntity, { userIds, organizationIds }: UsageFilter): void {
  const scope = usageScopeOf(caller);
  if (scope === 'all') return;
  const administers = scope.teamIds.length + scope.organizationIds.length > 0;
  if (entity === 'user' && !administers && userIds?.some((id) => id !== caller.userId)) {
    throw new GatewayError('forbidden', 'Non-admin users can only view their own spend data.', { param: 'user_id' });
  }
  const foreign = organizationIds?.find((id) => !scope.organizationIds.includes(id));
  if (entity !== 'organization' || foreign === undefined) return;
  const message = `User is not org_admin for Organization=${foreign.slice(0, 256)}.`;
  throw new GatewayError('forbidden', message, { param: 'organization_ids' });
}

/** A team that there is not and one that the caller has nothing to do with look the same. */
async function assertTeamsAreIts({ teams }: NameDeps, caller: Caller, named: readonly string[]): Promise<void> {
  const scope = usageScopeOf(caller);
  if (scope === 'all') return;
  const own = new Set([...scope.teamIds, ...caller.memberships.teams.map(({ teamId }) => teamId), teamIdOf(caller)]);
  const others = named.filter((id) => !own.has(id));
  if (others.length === 0) return;
  const found = new Map((await teams.findMany(others)).map(({ id, organizationId }) => [id, organizationId]));
  const foreign = others.find((id) => !scope.organizationIds.includes(found.get(id) ?? ''));
  if (foreign === undefined) return;
  const message = `User does not belong to Team=${foreign.slice(0, 256)}. /user/info lists the teams it belongs to.`;
  throw new GatewayError('not_found', message, { param: 'team_ids' });
}

const PAGE = 2_000;

/** Members see what their team opens to them of its activity. */
async function withOpenedTeams({ teams }: NameDeps, caller: Caller, scope: Scope): Promise<Scope> {
  if (scope === 'all') return scope;
  const names = ['/team/daily/activity', '/team/daily/activity/aggregated'] as const;
  return { ...scope, teamIds: [...scope.teamIds, ...(await teamsOpenedTo(teams, caller, names))] };
}

function ownUnlessNamed(query: UsageQuery, caller: Caller): UsageQuery {
  if (query.scope === 'all' || query.userIds !== undefined || caller.userId === null) return query;
  return { ...query, userIds: [caller.userId] };
}
