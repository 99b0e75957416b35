/**
 * Ways to pick keys by an index on SQLite: for each filter that an index serves, the statement that yields the numbers of
 * the rows that it leaves, from that index and in its order. Where the index holds no numbers but ids, the statement that
 * yields these as well: it reads nothing else.
 */
import { type RawBuilder, sql } from 'kysely';
import type { OwnedScope } from '../../core/scope.ts';
import type { KeyListQuery } from '../storage.ts';
import { isSearchUnindexed, toLikePattern, toPhrase, toSearchTerm } from './key-filters.ts';
import type { KeyGroupKind } from './key-groups.ts';
import { asksForSpend, buildBalanceRange } from './spend-classes.ts';

/** Rows may come twice, and deleted keys among the living; an id comes once. */
export interface Picker {
  rowNos: RowNos;
  keyIds?: KeyIds;
  /** The numbers are looked up by the ids, one by one. */
  isLinked?: true;
}

type RowNos = RawBuilder<{ row_no: number }>;
type KeyIds = RawBuilder<{ key_id: string }>;

export function buildPickers(query: KeyListQuery): Picker[] {
  const { scope, userId } = query;
  const pickers: Picker[] = [];
  const pick = (rowNos: RowNos) => pickers.push({ rowNos });
  // Names first: they leave the fewest, and the others then need not be counted as far.
  if (query.keyId !== undefined) pick(sql`select row_no from keys where key_id = ${query.keyId}`);
  if (query.hash !== undefined) pick(sql`select row_no from keys where hash = ${query.hash}`);
  if (query.status === 'deleted') {
    pick(sql`select row_no from keys indexed by keys_deleted where deleted_at_ms is not null`);
    return pickers;
  }
  if (query.alias !== undefined) pick(pickLive('alias', sql`= ${query.alias}`));
  if (userId !== undefined) {
    const created = query.alsoCreatedByUser === true ? [userId] : [];
    pick(
      pickAny([
        ['user_id', [userId]],
        ['created_by', created],
        ['team_id', query.alsoOfTeamIds ?? []],
      ]),
    );
  }
  if (query.teamId !== undefined) pick(pickLive('team_id', sql`= ${query.teamId}`));
  if (query.organizationId !== undefined) pick(pickLive('organization_id', sql`= ${query.organizationId}`));
  if (query.budgetId !== undefined) pick(pickLive('budget_id', sql`= ${query.budgetId}`));
  if (query.createdBy !== undefined) pick(pickLive('created_by', sql`= ${query.createdBy}`));
  if (scope !== 'all') pick(pickScope(scope));
  if (query.tag !== undefined) pickers.push(pickLinked(sql`select key_id from key_tags where tag = ${query.tag}`));
  if (query.projectId !== undefined) pickers.push(pickGroup('project_id', query.projectId));
  if (query.accessGroupId !== undefined) pickers.push(pickGroup('access_group_ids', query.accessGroupId));
  if (query.status === 'blocked') {
    const blocked = sql`from keys indexed by keys_blocked where blocked = 1 and deleted_at_ms is null`;
    pickers.push({ rowNos: sql`select row_no ${blocked}`, keyIds: sql`select key_id ${blocked}` });
  }
  pickers.push(...pickRanges(query));
  // From the last ones all entries of an index are read.
  if (query.search) pick(pickText(query.search));
  if (query.status === 'active') pick(pickActive(query.nowMs));
  if (query.unexpired === true) pick(pickUnexpired(query.nowMs));
  return pickers;
}

function pickLive(column: string, condition: RawBuilder<unknown>): RowNos {
  return sql`select row_no from keys where ${sql.ref(column)} ${condition} and deleted_at_ms is null`;
}

function pickAny(parts: readonly (readonly [string, readonly string[]])[]): RowNos {
  const picked = parts
    .filter(([, values]) => values.length > 0)
    .map(([column, values]) => pickLive(column, sql`in (${sql.join(values)})`));
  return picked.length === 0
    ? sql`select row_no from keys where 1 = 0`
    : (sql.join(picked, sql` union all `) as RowNos);
}

/** Somewhat more than the scope opens: its conditions are asked of what is picked. */
function pickScope({ userIds, teamIds, sharedTeamIds, organizationIds, keyIds, creatorIds }: OwnedScope): RowNos {
  const own = pickAny([
    ['user_id', userIds],
    ['team_id', [...teamIds, ...sharedTeamIds]],
    ['organization_id', organizationIds],
    ['created_by', creatorIds],
    ['key_id', keyIds],
  ]);
  if (organizationIds.length === 0) return own;
  const teams = sql`select id from teams where organization_id in (${sql.join(organizationIds)}) and deleted_at_ms is null`;
  return sql`${own} union all ${pickLive('team_id', sql`in (${teams})`)}`;
}

/** Keys that another table points at. */
function pickLinked(keyIds: KeyIds): Picker {
  return {
    rowNos: sql`select keys.row_no from (${keyIds}) as linked cross join keys on keys.key_id = linked.key_id`,
    keyIds,
    isLinked: true,
  };
}

function pickGroup(kind: KeyGroupKind, value: string): Picker {
  return pickLinked(sql`select key_id from key_groups where kind = ${kind} and value = ${value}`);
}

function pickRanges(query: KeyListQuery): Picker[] {
  const pickers: Picker[] = [];
  const { status, nowMs, lastActiveAfterMs, lastActiveBeforeMs, neverUsed } = query;
  const expiresBefore = Math.min(
    query.expiresBeforeMs ?? Number.MAX_SAFE_INTEGER,
    status === 'expired' ? nowMs + 1 : Number.MAX_SAFE_INTEGER,
  );
  if (expiresBefore < Number.MAX_SAFE_INTEGER || query.expiresAfterMs !== undefined) {
    const after = query.expiresAfterMs ?? Number.MIN_SAFE_INTEGER;
    pickers.push({ rowNos: pickLive('expires_at_ms', sql`< ${expiresBefore} and expires_at_ms > ${after}`) });
  }
  if (neverUsed === true) pickers.push({ rowNos: pickLive('last_active_at_ms', sql`is null`) });
  if (neverUsed === false || lastActiveAfterMs !== undefined || lastActiveBeforeMs !== undefined) {
    const after = lastActiveAfterMs ?? Number.MIN_SAFE_INTEGER;
    const before = lastActiveBeforeMs ?? Number.MAX_SAFE_INTEGER;
    pickers.push({ rowNos: pickLive('last_active_at_ms', sql`> ${after} and last_active_at_ms < ${before}`) });
  }
  if (asksForSpend(query)) {
    pickers.push(pickLinked(sql`select key_id from balances where key_id is not null and ${buildBalanceRange(query)}`));
  }
  return pickers;
}

function pickText(search: string): RowNos {
  const term = toSearchTerm(search);
  if (!isSearchUnindexed({ search })) {
    return sql`select rowid as row_no from key_search where key_search match ${toPhrase(term)}`;
  }
  return sql`select row_no from keys indexed by keys_text
    where search_text like ${toLikePattern(term)} escape '\\' and deleted_at_ms is null`;
}

/** From the smallest index, which holds all that it takes to tell. */
function pickActive(nowMs: number): RowNos {
  return sql`select row_no from keys indexed by keys_standing
    where deleted_at_ms is null and (+expires_at_ms is null or +expires_at_ms > ${nowMs})
      and (+blocked is null or +blocked = 0)`;
}

function pickUnexpired(nowMs: number): RowNos {
  return sql`select row_no from keys indexed by keys_standing
    where deleted_at_ms is null and (+expires_at_ms is null or +expires_at_ms > ${nowMs})`;
}
