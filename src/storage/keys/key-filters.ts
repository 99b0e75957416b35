import { type Expression, type SqlBool, sql } from 'kysely';
import type { DialectName, KeysTable } from '../database.ts';
import type { KeyListQuery } from '../storage.ts';
import type { KeyGroupKind } from './key-groups.ts';
import { buildKeyScope, type KeyColumns, type Keys } from './key-scope.ts';
import { asksForSpend, buildBalanceRange, buildSpentInRange } from './spend-classes.ts';

/** How the database is to go about it; the answer is the same in any case. */
export interface FilterHints {
  dialect: DialectName;
  /** Keeps SQLite from using an index for the filters, because it has been told otherwise how to find keys. */
  skipIndexes: boolean;
  /**
   * How PostgreSQL is to see what a key has spent: `probe` by looking key after key up, `gather` by collecting the keys
   * that have spent so much beforehand, which must be less than so many. Without, it decides by itself. SQLite knows it by
   * their classes.
   */
  spent?: 'probe' | { gather: number };
}

/** PostgreSQL knows its tables and needs no advice on how to find what matches; SQLite follows what it is told. */
export function hintsFor(dialect: DialectName): FilterHints {
  return { dialect, skipIndexes: dialect === 'sqlite' };
}

/** The shortest term with a trigram. */
const MIN_TRIGRAM_TERM = 3;

/** All conditions of a list, to be combined with AND. */
export function buildKeyFilters(eb: Keys, query: KeyListQuery, hints: FilterHints): Expression<SqlBool>[] {
  const column: KeyColumns = (name) => (hints.skipIndexes ? unindexed(name) : eb.ref(`keys.${name}`)) as never;
  const filters = buildStatusFilters(eb, query, column);
  if (query.scope !== 'all') filters.push(buildKeyScope(eb, hints.dialect, query.scope, column));
  if (query.userId !== undefined) filters.push(buildUserFilter(eb, query, query.userId, column));
  if (query.teamId !== undefined) filters.push(eb(column('team_id'), '=', query.teamId));
  if (query.organizationId !== undefined) filters.push(eb(column('organization_id'), '=', query.organizationId));
  if (query.budgetId !== undefined) filters.push(eb(column('budget_id'), '=', query.budgetId));
  if (query.createdBy !== undefined) filters.push(eb(column('created_by'), '=', query.createdBy));
  if (query.alias !== undefined) filters.push(eb(column('alias'), '=', query.alias));
  if (query.withAlias !== undefined) filters.push(buildAliasFilter(eb, query.withAlias));
  if (query.hash !== undefined) filters.push(eb(column('hash'), '=', query.hash));
  if (query.keyId !== undefined) filters.push(eb(column('key_id'), '=', query.keyId));
  if (query.expiresBeforeMs !== undefined) filters.push(eb(column('expires_at_ms'), '<', query.expiresBeforeMs));
  if (query.expiresAfterMs !== undefined) filters.push(eb(column('expires_at_ms'), '>', query.expiresAfterMs));
  if (query.unexpired === true) filters.push(buildUnexpired(eb, query.nowMs, column));
  if (query.lastActiveBeforeMs !== undefined) {
    filters.push(eb(column('last_active_at_ms'), '<', query.lastActiveBeforeMs));
  }
  if (query.lastActiveAfterMs !== undefined) {
    filters.push(eb(column('last_active_at_ms'), '>', query.lastActiveAfterMs));
  }
  if (query.neverUsed !== undefined) {
    filters.push(eb(column('last_active_at_ms'), query.neverUsed ? 'is' : 'is not', null));
  }
  if (asksForSpend(query)) {
    filters.push(hints.dialect === 'sqlite' ? buildSpentInRange(query) : buildSpendFilter(eb, query, hints));
  }
  if (query.tag !== undefined) filters.push(buildTagFilter(eb, query.tag, hints));
  if (query.projectId !== undefined) filters.push(buildGroupFilter(eb, 'project_id', query.projectId, hints));
  if (query.accessGroupId !== undefined) {
    filters.push(buildGroupFilter(eb, 'access_group_ids', query.accessGroupId, hints));
  }
  if (query.search) filters.push(buildSearch(query.search, hints));
  if (query.userIdPart !== undefined) filters.push(buildUserIdFilter(query.userIdPart));
  return filters;
}

/** What the caller asks for by `userId`: that user's keys, and whatever else is to count as the user's. */
function buildUserFilter(eb: Keys, query: KeyListQuery, userId: string, column: KeyColumns): Expression<SqlBool> {
  const parts = [eb(column('user_id'), '=', userId)];
  if (query.alsoCreatedByUser === true) parts.push(eb(column('created_by'), '=', userId));
  const teamIds = query.alsoOfTeamIds ?? [];
  if (teamIds.length > 0) parts.push(eb(column('team_id'), 'in', teamIds));
  return eb.or(parts);
}

/** Lower case, as the text of the keys is. */
export function toSearchTerm(search: string): string {
  return search.toLowerCase();
}

/** A term as a pattern that finds it anywhere; to be used with the escape character \\. */
export function toLikePattern(term: string): string {
  return `%${term.replace(/[\\%_]/g, '\\$&')}%`;
}

/** A term as a phrase of the full-text table: the characters as they stand, none of them an operator. */
export function toPhrase(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}

function buildStatusFilters(eb: Keys, { status, nowMs }: KeyListQuery, column: KeyColumns): Expression<SqlBool>[] {
  // Stands as it is in every case: the indexes of live keys are made for just this condition.
  const live = eb('keys.deleted_at_ms', 'is', null);
  if (status === undefined) return [live];
  switch (status) {
    case 'deleted':
      return [eb('keys.deleted_at_ms', 'is not', null)];
    case 'blocked':
      return [live, eb(column('blocked'), '=', 1)];
    case 'expired':
      return [live, eb(column('expires_at_ms'), '<=', nowMs)];
    case 'active':
      return [
        live,
        eb.or([eb(column('blocked'), 'is', null), eb(column('blocked'), '=', 0)]),
        buildUnexpired(eb, nowMs, column),
      ];
  }
}

function buildUnexpired(eb: Keys, nowMs: number, column: KeyColumns): Expression<SqlBool> {
  return eb.or([eb(column('expires_at_ms'), 'is', null), eb(column('expires_at_ms'), '>', nowMs)]);
}

/** A unary plus is SQLite's way of saying "not by index". */
function unindexed<C extends keyof KeysTable>(name: C): Expression<KeysTable[C]> {
  return sql<KeysTable[C]>`+${sql.ref(`keys.${name}`)}`;
}

function buildSpendFilter(eb: Keys, query: KeyListQuery, hints: FilterHints): Expression<SqlBool> {
  const spent = eb
    .selectFrom('balances')
    .select('balances.key_id')
    .where('balances.key_id', 'is not', null)
    .where(buildBalanceRange(query));
  if (hints.spent === undefined) return eb('keys.key_id', 'in', spent);
  // With an offset, even of nothing, PostgreSQL leaves a query as it stands and does not look for another way.
  const probed = eb.exists(spent.whereRef('balances.key_id', '=', 'keys.key_id').offset(sql.lit(0)));
  if (hints.spent === 'probe') return probed;
  // Within an expression it is asked for every key, and never joined; of numbers that ids have in common some are wrong.
  const gathered = spent
    .clearSelect()
    .select(sql<number>`hashtext(balances.key_id)`.as('number'))
    .limit(hints.spent.gather);
  return eb.and([sql<boolean>`coalesce(hashtext(keys.key_id) in ${gathered}, false)`, probed]);
}

function buildTagFilter(eb: Keys, tag: string, hints: FilterHints): Expression<SqlBool> {
  const tagged = eb.selectFrom('key_tags').select('key_tags.key_id').where('key_tags.tag', '=', tag);
  return hints.skipIndexes
    ? eb.exists(tagged.whereRef('key_tags.key_id', '=', 'keys.key_id'))
    : eb('keys.key_id', 'in', tagged);
}

function buildGroupFilter(eb: Keys, kind: KeyGroupKind, value: string, hints: FilterHints): Expression<SqlBool> {
  const grouped = eb
    .selectFrom('key_groups')
    .select('key_groups.key_id')
    .where('key_groups.kind', '=', kind)
    .where('key_groups.value', '=', value);
  return hints.skipIndexes
    ? eb.exists(grouped.whereRef('key_groups.key_id', '=', 'keys.key_id'))
    : eb('keys.key_id', 'in', grouped);
}

/** Below three characters there are no trigrams to look up. */
export function isSearchUnindexed({ search }: Pick<KeyListQuery, 'search'>): boolean {
  return Boolean(search) && [...toSearchTerm(search ?? '')].length < MIN_TRIGRAM_TERM;
}

/** Without trigrams PostgreSQL would read its whole index of them, only to find every key. */
function buildSearch(search: string, { dialect }: FilterHints): Expression<SqlBool> {
  const term = toSearchTerm(search);
  const isUnindexed = dialect === 'postgres' && isSearchUnindexed({ search });
  return sql<boolean>`${isUnindexed ? sql`(keys.search_text || '')` : sql`keys.search_text`} like ${toLikePattern(term)} escape '\\'`;
}

/** In the text that is searched the alias comes first, then the key_id. */
function buildAliasFilter(eb: Keys, part: true | string): Expression<SqlBool> {
  if (part === true) return eb('keys.alias', 'is not', null);
  const before = `${toLikePattern(toSearchTerm(part))}\n`;
  return sql<boolean>`keys.search_text like ${before} || lower(keys.key_id) || '%' escape '\\'`;
}

/** Of the text that is searched the user's id is the end. */
function buildUserIdFilter(part: string): Expression<SqlBool> {
  const userId = sql`substr(keys.search_text, length(keys.search_text) - length(keys.user_id) + 1)`;
  return sql<boolean>`${userId} like ${toLikePattern(toSearchTerm(part))} escape '\\'`;
}
