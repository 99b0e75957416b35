/**
 * The latest calls of several owners together. One index holds the calls of each in the order of time, so the latest of
 * each are found by it, and the latest of these are the page. Asking for all owners at once would look through every call
 * there is, or sort every call that any of them ever made.
 */
import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database, DialectName } from './database.ts';
import type { SpendPage, SpendQuery } from './spend-query.ts';

type Reads = Kysely<Database>;
type Filter = Expression<SqlBool>;
/** A condition on spend_logs for which there is an index that goes on with the time; no call meets two of them. */
export type Branch = RawBuilder<unknown>;

/** Of teams, and of keys without one: each is a part of the statement, and SQLite takes 500 of these. */
const MOST = 200;
const UNSUCCESSFUL = ['failure', 'aborted', 'unsettled'] as const;

/**
 * The conditions whose calls, put together, hold all that the query can find; null: the query itself names an owner or a
 * call, and is found by that. Of very large organisations only so many teams are looked at.
 */
export async function branchesOf(reads: Reads, query: SpendQuery): Promise<Branch[] | null> {
  if (namesOne(query)) return null;
  const { scope, errorCode, errorPart, status } = query;
  if (scope !== undefined) return ownerBranches(reads, scope);
  if (status !== undefined || (errorCode === undefined && errorPart === undefined)) return null;
  return UNSUCCESSFUL.map((one) => sql`status = ${sql.lit(one)} and status <> 'success'`);
}

function namesOne({ requestId, keyId, keyHash, userId, teamId, endUser }: SpendQuery): boolean {
  return [requestId, keyId, keyHash, userId, teamId, endUser].some((one) => one !== undefined);
}

async function ownerBranches(reads: Reads, scope: NonNullable<SpendQuery['scope']>): Promise<Branch[]> {
  const { organizationIds } = scope;
  const users = [...new Set(scope.userIds)];
  const ofTeams = organizationIds.length === 0 ? [] : await idsIn(reads, teamsOf(organizationIds));
  const keys = organizationIds.length === 0 ? [] : await idsIn(reads, keysOf(organizationIds));
  const teams = [...new Set([...scope.teamIds, ...ofTeams])].slice(0, MOST);
  const elsewhere = isNone('team_id', teams);
  return [
    ...teams.map((id) => sql`team_id = ${id}`),
    ...users.map((id) => sql`user_id = ${id} and ${elsewhere}`),
    ...keys.map((id) => sql`key_id = ${id} and team_id is null and ${isNone('user_id', users)}`),
  ];
}

function isNone(column: string, ids: readonly string[]): RawBuilder<unknown> {
  if (ids.length === 0) return sql`1 = 1`;
  return sql`(${sql.ref(column)} is null or ${sql.ref(column)} not in (${listOf(ids)}))`;
}

/** Teams that are gone have had their calls. */
function teamsOf(organizationIds: readonly string[]): RawBuilder<{ id: string }> {
  return sql`select id from teams where organization_id in (${listOf(organizationIds)}) limit ${sql.lit(MOST)}`;
}

/** Keys that belong to an organisation and to no team of it; there is an index of those that live. */
function keysOf(organizationIds: readonly string[]): RawBuilder<{ id: string }> {
  return sql`select key_id as id from keys where organization_id in (${listOf(organizationIds)}) and team_id is null
    and deleted_at_ms is null limit ${sql.lit(MOST)}`;
}

function listOf(ids: readonly string[]): RawBuilder<unknown> {
  return sql.join(ids.map((id) => sql.val(id)));
}

async function idsIn(reads: Reads, query: RawBuilder<{ id: string }>): Promise<string[]> {
  const { rows } = await query.execute(reads);
  return rows.map(({ id }) => id);
}

/** A table of the `most` latest calls, or the earliest, that meet a branch and all filters. */
export function latestCalls(
  dialect: DialectName,
  branches: readonly Branch[],
  filters: readonly Filter[],
  { most, order }: { most: number; order: SpendPage['order'] },
): RawBuilder<Database['spend_logs']> {
  const inOrder = order === 'asc' ? sql`order by started_at_ms` : sql`order by started_at_ms desc`;
  const id = sql.ref(dialect === 'sqlite' ? 'seq' : 'request_id');
  const chosen = sql`select * from (${chooseFrom(branches, filters, sql`${id}, started_at_ms`, sql`${inOrder} limit ${sql.lit(most)}`)})
    as parts ${inOrder} limit ${sql.lit(most)}`;
  // PostgreSQL finds the table of a day by the time.
  return dialect === 'sqlite'
    ? sql`(select spend_logs.* from spend_logs where seq in (select seq from (${chosen}) as chosen))`
    : sql`(select spend_logs.* from (${chosen}) as chosen join spend_logs
        on spend_logs.request_id = chosen.request_id and spend_logs.started_at_ms = chosen.started_at_ms)`;
}

/** A table with a row, which tells nothing but the time, for each of `most` calls that meet a branch and all filters. */
export function anyCalls(
  branches: readonly Branch[],
  filters: readonly Filter[],
  most: number,
): RawBuilder<Database['spend_logs']> {
  const limit = sql`limit ${sql.lit(most)}`;
  return sql`(select * from (${chooseFrom(branches, filters, sql`started_at_ms`, limit)}) as parts ${limit})`;
}

/** As many of each branch as there may be together. */
function chooseFrom(
  branches: readonly Branch[],
  filters: readonly Filter[],
  columns: RawBuilder<unknown>,
  end: RawBuilder<unknown>,
): RawBuilder<unknown> {
  if (branches.length === 0) return sql`select ${columns} from spend_logs where 1 = 0`;
  const parts = branches.map((branch) => {
    const conditions = sql.join([branch, ...filters], sql` and `);
    return sql`select * from (select ${columns} from spend_logs where ${conditions} ${end}) as part`;
  });
  return sql.join(parts, sql` union all `);
}
