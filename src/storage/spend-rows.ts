import { type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely';
import { fromRecordRow, RECORD_POSITIONS } from '../core/record-row.ts';
import type { Database, DialectName } from './database.ts';
import { findResponse } from './find-response.ts';
import type { SpendQuery, SpendRow, SpendSort } from './storage.ts';

/** A row's record as JSON text. */
export function recordText(dialect: DialectName): RawBuilder<string> {
  return dialect === 'sqlite' ? sql`json(record)` : sql`cast(record as text)`;
}

export function fromRecordText(text: string): SpendRow {
  const { balances: _moved, ...row } = fromRecordRow(JSON.parse(text));
  return row;
}

/** A query as what an index finds and what is then sifted, call by call; null: nothing is. */
export function splitSpendQuery(query: SpendQuery): { found: SpendQuery; sifted: SpendQuery | null } {
  const entries = Object.entries(query) as [keyof SpendQuery, unknown][];
  const sifted = entries.filter(([name]) => SIFTED.has(name));
  if (sifted.length === 0) return { found: query, sifted: null };
  return {
    found: Object.fromEntries(entries.filter(([name]) => !SIFTED.has(name))),
    sifted: Object.fromEntries(sifted),
  };
}

/** What stands in the record alone. */
const IN_RECORD: ReadonlySet<keyof SpendQuery> = new Set<keyof SpendQuery>([
  'modelGroup',
  'deploymentId',
  'errorCode',
  'keyAliasPart',
  'sessionIdPart',
  'errorPart',
]);
/** That, and what is in no index. */
const SIFTED: ReadonlySet<keyof SpendQuery> = new Set([...IN_RECORD, 'minSpendNanoUsd', 'maxSpendNanoUsd', 'tag']);

/** Calls of such a query are looked for among so many and no more: each one's record has to be read. */
export function looksIntoRecords(query: SpendQuery): boolean {
  return Object.keys(query).some((name) => IN_RECORD.has(name as keyof SpendQuery));
}

export type SpendLogs = ExpressionBuilder<Database, 'spend_logs'>;

/** All conditions of a query; they combine with AND. */
export function buildSpendFilters(eb: SpendLogs, dialect: DialectName, query: SpendQuery): Expression<SqlBool>[] {
  const filters: Expression<SqlBool>[] = [];
  const { requestId } = query;
  if (requestId !== undefined) filters.push(hasId(eb, dialect, requestId));
  if (query.keyId === null) filters.push(eb('key_id', 'is', null));
  else if (query.keyId !== undefined) filters.push(eb('key_id', '=', query.keyId));
  if (query.keyHash !== undefined) filters.push(eb('key_hash', '=', query.keyHash));
  if (query.userId !== undefined) filters.push(eb('user_id', '=', query.userId));
  if (query.teamId !== undefined) filters.push(eb('team_id', '=', query.teamId));
  if (query.endUser !== undefined) filters.push(eb('end_user', '=', query.endUser));
  if (query.model !== undefined) filters.push(eb('model', '=', query.model));
  if (query.status !== undefined) filters.push(eb('status', '=', query.status));
  // Said again, since the index of such calls is made for just this condition.
  if (query.status !== undefined && query.status !== 'success') filters.push(eb('status', '<>', sql.lit('success')));
  if (query.tag !== undefined) filters.push(hasTag(dialect, query.tag));
  if (query.fromMs !== undefined) filters.push(eb('started_at_ms', '>=', query.fromMs));
  if (query.toMs !== undefined) filters.push(eb('started_at_ms', '<', query.toMs));
  if (query.minSpendNanoUsd !== undefined) filters.push(eb('spend_nano_usd', '>=', query.minSpendNanoUsd));
  if (query.maxSpendNanoUsd !== undefined) filters.push(eb('spend_nano_usd', '<=', query.maxSpendNanoUsd));
  if (query.scope !== undefined) filters.push(inScope(eb, query.scope));
  return [...filters, ...buildRecordFilters(dialect, query)];
}

/** What is said of a call only in its record. */
function buildRecordFilters(dialect: DialectName, query: SpendQuery): Expression<SqlBool>[] {
  const { modelGroup, deploymentId, errorCode, keyAliasPart, sessionIdPart, errorPart } = query;
  const filters: Expression<SqlBool>[] = [];
  if (modelGroup !== undefined) filters.push(sql<boolean>`${textAt('modelGroup')} = ${modelGroup}`);
  if (deploymentId !== undefined) filters.push(sql<boolean>`${textAt('deploymentId')} = ${deploymentId}`);
  if (errorCode !== undefined) {
    filters.push(sql<boolean>`(status <> 'success' and cast(${textAt('httpStatus')} as text) = ${errorCode})`);
  }
  if (keyAliasPart !== undefined) filters.push(holds(dialect, textAt('keyAlias'), keyAliasPart));
  if (sessionIdPart !== undefined) filters.push(holds(dialect, textAt('sessionId'), sessionIdPart));
  if (errorPart !== undefined) {
    const words = sql`spend_logs.record -> ${sql.lit(RECORD_POSITIONS.metadata)} ->> 'error_message'`;
    filters.push(sql<boolean>`(status <> 'success' and ${holds(dialect, words, errorPart)})`);
  }
  return filters;
}

function textAt(field: keyof typeof RECORD_POSITIONS): RawBuilder<unknown> {
  return sql`spend_logs.record ->> ${sql.lit(RECORD_POSITIONS[field])}`;
}

function holds(dialect: DialectName, text: RawBuilder<unknown>, part: string): RawBuilder<boolean> {
  return dialect === 'sqlite' ? sql<boolean>`instr(${text}, ${part}) > 0` : sql<boolean>`strpos(${text}, ${part}) > 0`;
}

/** Rows carry the names of their owners, the organisation's in the record. */
function inScope(eb: SpendLogs, scope: NonNullable<SpendQuery['scope']>): Expression<SqlBool> {
  const { userIds, teamIds, organizationIds } = scope;
  const parts: Expression<SqlBool>[] = [];
  if (userIds.length > 0) parts.push(eb('user_id', 'in', userIds));
  if (teamIds.length > 0) parts.push(eb('team_id', 'in', teamIds));
  if (organizationIds.length > 0) {
    parts.push(sql<boolean>`${textAt('organizationId')} in (${sql.join(organizationIds.map((id) => sql.val(id)))})`);
  }
  return parts.length === 0 ? sql<boolean>`1 = 0` : eb.or(parts);
}

/** What calls are sorted by, as a number or text; null: a call has no such value. */
export function sortValue(sortBy: SpendSort): RawBuilder<unknown> {
  switch (sortBy) {
    case 'spend':
      return sql`spend_nano_usd`;
    case 'model':
      return sql`model`;
    case 'total_tokens':
      return numberAt('totalTokens');
    case 'ended_at':
      return numberAt('endedAtMs');
    case 'duration':
      return sql`(${numberAt('endedAtMs')} - started_at_ms)`;
    case 'first_token':
      return sql`(${numberAt('firstTokenAtMs')} - started_at_ms)`;
  }
}

function numberAt(field: keyof typeof RECORD_POSITIONS): RawBuilder<unknown> {
  return sql`cast(${textAt(field)} as bigint)`;
}

/** Ours, or the upstream's. */
function hasId(eb: SpendLogs, dialect: DialectName, id: string): Expression<SqlBool> {
  if (dialect === 'postgres') return eb.or([eb('request_id', '=', id), eb('response_id', '=', id)]);
  const ours = sql`select seq from spend_logs where request_id = ${id}`;
  // An id of ours is no upstream's: whoever has found one need not ask all the parts of the other index.
  const theirs = sql`select * from (${findResponse(id)}) where not exists (${ours})`;
  return sql<boolean>`spend_logs.seq in (${ours} union all ${theirs})`;
}

function hasTag(dialect: DialectName, tag: string): Expression<SqlBool> {
  const tags = sql.lit(RECORD_POSITIONS.tags);
  return dialect === 'sqlite'
    ? sql<boolean>`exists (select 1 from json_each(spend_logs.record -> ${tags}) where json_each.value = ${tag})`
    : sql<boolean>`spend_logs.record -> ${tags} @> cast(${JSON.stringify([tag])} as jsonb)`;
}
