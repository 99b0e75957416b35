import { type RawBuilder, sql } from 'kysely';
import { toRollupName } from '../core/rollup-names.ts';
import type { Scope } from '../core/scope.ts';
import type { DialectName } from './database.ts';
import type { UsageQuery } from './usage-storage.ts';

type Condition = RawBuilder<boolean>;

/**
 * The daily sums that a query is about, and that its scope opens. `exploded`: each of a call's tags is a row, as
 * `each_tag.value`.
 */
export function buildUsageFilter(dialect: DialectName, query: UsageQuery, exploded: boolean): Condition {
  const { keyId } = query;
  const conditions: (Condition | undefined)[] = [
    inScope(query.scope),
    sql<boolean>`day >= ${query.firstDay}`,
    sql<boolean>`day <= ${query.lastDay}`,
    keyId === undefined ? undefined : isOne('key_id', [keyId ?? '']),
    isOne('key_hash', query.keyHash === undefined ? undefined : [query.keyHash]),
    isOne('user_id', query.userIds),
    isOne('team_id', query.teamIds),
    isOne('organization_id', query.organizationIds),
    isOne('end_user', query.endUsers),
    isOne('model', query.models),
    isNone('team_id', query.exceptTeamIds),
    isNone('organization_id', query.exceptOrganizationIds),
    isNone('end_user', query.exceptEndUsers),
    query.tags === undefined ? undefined : hasTag(dialect, query.tags, exploded),
    query.exceptTags?.length ? sql<boolean>`not ${hasTag(dialect, query.exceptTags, exploded)}` : undefined,
    query.having === undefined ? undefined : sql<boolean>`${sql.ref(HAVING[query.having])} <> ''`,
  ];
  return sql<boolean>`${sql.join(
    conditions.filter((condition) => condition !== undefined),
    sql` and `,
  )}`;
}

const HAVING = { team: 'team_id', organization: 'organization_id', end_user: 'end_user', tags: 'tag_set' } as const;

/** A row's tags, one a row; a single empty one where there are none. */
export function explodeTags(dialect: DialectName): RawBuilder<unknown> {
  const list = sql`case when tags = '' then '[""]' else tags end`;
  return dialect === 'sqlite'
    ? sql`json_each(${list}) as each_tag`
    : sql`jsonb_array_elements_text(cast(${list} as jsonb)) as each_tag(value)`;
}

/** The same parts as everywhere, joined by OR: rows carry the names of all their owners. */
function inScope(scope: Scope): Condition | undefined {
  if (scope === 'all') return undefined;
  const parts = [
    [scope.userIds, 'user_id'],
    [scope.teamIds, 'team_id'],
    [scope.organizationIds, 'organization_id'],
    [scope.keyIds, 'key_id'],
  ] as const;
  const open = parts.flatMap(([names, column]) => (names.length === 0 ? [] : [isOne(column, names) as Condition]));
  return open.length === 0 ? sql<boolean>`1 = 0` : sql<boolean>`(${sql.join(open, sql` or `)})`;
}

/** Long names stand there as the rollup has them. */
function isOne(column: string, names: readonly string[] | undefined): Condition | undefined {
  if (names === undefined) return undefined;
  return sql<boolean>`${sql.ref(column)} in ${listOf(names)}`;
}

/** An empty list rules out nobody. */
function isNone(column: string, names: readonly string[] | undefined): Condition | undefined {
  return names?.length ? sql<boolean>`not ${isOne(column, names)}` : undefined;
}

function hasTag(dialect: DialectName, tags: readonly string[], exploded: boolean): Condition {
  if (exploded) return sql<boolean>`each_tag.value in ${listOf(tags)}`;
  return sql<boolean>`exists (select 1 from ${explodeTags(dialect)} where each_tag.value in ${listOf(tags)})`;
}

/** A list that is empty matches nothing: no name is null. */
function listOf(names: readonly string[]): RawBuilder<unknown> {
  if (names.length === 0) return sql`(null)`;
  return sql`(${sql.join(names.map((name) => sql.val(toRollupName(name))))})`;
}
