import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { OwnedScope } from '../../core/scope.ts';
import type { Database, DialectName, KeysTable } from '../database.ts';

export type Keys = ExpressionBuilder<Database, 'keys'>;
/** Columns of a key by name, in such a way that indexes are used or not, as is wanted. */
export type KeyColumns = <C extends keyof KeysTable>(name: C) => Expression<KeysTable[C]>;

/** The keys that a scope opens. An organisation opens its own and those of its teams. */
export function buildKeyScope(
  eb: Keys,
  dialect: DialectName,
  scope: OwnedScope,
  column: KeyColumns,
): Expression<SqlBool> {
  const { userIds, teamIds, sharedTeamIds, organizationIds, keyIds, creatorIds } = scope;
  const parts: Expression<SqlBool>[] = [];
  if (userIds.length > 0) parts.push(eb(column('user_id'), 'in', userIds));
  if (teamIds.length > 0) parts.push(eb(column('team_id'), 'in', teamIds));
  if (sharedTeamIds.length > 0) {
    parts.push(eb.and([eb(column('team_id'), 'in', sharedTeamIds), eb(column('user_id'), 'is', null)]));
  }
  if (organizationIds.length > 0) {
    parts.push(eb(column('organization_id'), 'in', organizationIds));
    const names = sql.join(organizationIds.map((id) => sql.val(id)));
    const teams = sql`select id from teams where organization_id in (${names}) and deleted_at_ms is null`;
    // PostgreSQL finds the members of an array by an index; of a query among alternatives it thinks that half of all match.
    const ofTeams = dialect === 'postgres' ? sql`= any(array(${teams}))` : sql`in (${teams})`;
    parts.push(sql<boolean>`${column('team_id')} ${ofTeams}`);
  }
  if (creatorIds.length > 0) {
    parts.push(eb.and([eb(column('created_by'), 'in', creatorIds), buildCreatorPlaces(eb, scope, column)]));
  }
  if (keyIds.length > 0) parts.push(eb(column('key_id'), 'in', keyIds));
  return parts.length === 0 ? sql<boolean>`1 = 0` : eb.or(parts);
}

/** Where a key may be for its maker to see it: not in a team that the maker has left. */
function buildCreatorPlaces(
  eb: Keys,
  { creatorTeamIds, creatorOrganizationIds }: OwnedScope,
  column: KeyColumns,
): Expression<SqlBool> {
  const isIn = (name: 'team_id' | 'organization_id', ids: readonly string[]) =>
    ids.length === 0 ? [] : [eb(column(name), 'in', ids)];
  const outsideTeams = eb.and([
    eb(column('team_id'), 'is', null),
    eb.or([eb(column('organization_id'), 'is', null), ...isIn('organization_id', creatorOrganizationIds)]),
  ]);
  return eb.or([outsideTeams, ...isIn('team_id', creatorTeamIds)]);
}
