import { type Expression, type SqlBool, sql } from 'kysely';
import type { OwnerTable } from '../../core/change-event.ts';
import type { OwnedScope, Scope } from '../../core/scope.ts';
import type { AnyExpressions } from './record-query.ts';

type ScopeFilter = (eb: AnyExpressions, scope: OwnedScope) => Expression<SqlBool>[];

/** What each part of a scope opens in a table. A table that is not here opens to those who may see everything. */
const FILTERS: Partial<Record<OwnerTable, ScopeFilter>> = {
  users: (eb, { userIds, teamIds, organizationIds }) => [
    ...within(eb, 'users.id', userIds),
    ...through(eb, 'users.id', 'team_members', 'user_id', 'team_id', teamIds),
    ...through(eb, 'users.id', 'organization_members', 'user_id', 'organization_id', organizationIds),
  ],
  teams: (eb, { userIds, teamIds, organizationIds }) => [
    ...within(eb, 'teams.id', teamIds),
    ...within(eb, 'teams.organization_id', organizationIds),
    ...through(eb, 'teams.id', 'team_members', 'team_id', 'user_id', userIds),
  ],
  organizations: (eb, { userIds, organizationIds }) => [
    ...within(eb, 'organizations.id', organizationIds),
    ...through(eb, 'organizations.id', 'organization_members', 'organization_id', 'user_id', userIds),
  ],
  team_members: (eb, { userIds, teamIds, organizationIds }) => [
    ...within(eb, 'team_members.user_id', userIds),
    ...within(eb, 'team_members.team_id', teamIds),
    ...through(eb, 'team_members.team_id', 'teams', 'id', 'organization_id', organizationIds),
  ],
  organization_members: (eb, { userIds, organizationIds }) => [
    ...within(eb, 'organization_members.user_id', userIds),
    ...within(eb, 'organization_members.organization_id', organizationIds),
  ],
};

/** The rows that a scope opens; undefined: all of them. */
export function buildScope(eb: AnyExpressions, table: OwnerTable, scope: Scope): Expression<SqlBool> | undefined {
  if (scope === 'all') return undefined;
  const parts = FILTERS[table]?.(eb, scope) ?? [];
  return parts.length === 0 ? sql<boolean>`1 = 0` : eb.or(parts);
}

function within(eb: AnyExpressions, column: string, values: readonly string[]): Expression<SqlBool>[] {
  return values.length === 0 ? [] : [eb(column, 'in', values)];
}

/** Rows whose id stands beside one of the values in another table, among what is not deleted there. */
function through(
  eb: AnyExpressions,
  column: string,
  table: string,
  idColumn: string,
  valueColumn: string,
  values: readonly string[],
): Expression<SqlBool>[] {
  if (values.length === 0) return [];
  const beside = eb
    .selectFrom(table)
    .select(`${table}.${idColumn}`)
    .where(`${table}.${valueColumn}`, 'in', values)
    .where(`${table}.deleted_at_ms`, 'is', null);
  return [eb(column, 'in', beside)];
}
