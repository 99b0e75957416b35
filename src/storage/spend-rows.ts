import { type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely';
import { fromRecordRow, RECORD_POSITIONS } from '../core/record-row.ts';
import type { Database, DialectName } from './database.ts';
import { findResponse } from './find-response.ts';
import type { SpendQuery, SpendRow } from './storage.ts';

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
  const { minSpendNanoUsd, maxSpendNanoUsd, tag, ...found } = query;
  const sifted: SpendQuery = {
    ...(minSpendNanoUsd === undefined ? {} : { minSpendNanoUsd }),
    ...(maxSpendNanoUsd === undefined ? {} : { maxSpendNanoUsd }),
    ...(tag === undefined ? {} : { tag }),
  };
  return { found, sifted: Object.keys(sifted).length === 0 ? null : sifted };
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
  return filters;
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
