import { type Expression, type ExpressionBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import type { CallStatus } from '../core/spend-record.ts';
import type { Database, DialectName, SpendLogsTable } from './database.ts';
import type { SpendQuery, SpendRow } from './storage.ts';

/** What a report reads of a ledger row: all but the balances that it moved. */
export const SPEND_ROW_COLUMNS = [
  'request_id',
  'response_id',
  'call_type',
  'status',
  'started_at_ms',
  'ended_at_ms',
  'first_token_at_ms',
  'key_id',
  'key_hash',
  'key_alias',
  'user_id',
  'team_id',
  'organization_id',
  'end_user',
  'tags',
  'model',
  'model_group',
  'deployment_id',
  'provider',
  'api_base',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'usage_estimated',
  'spend_nano_usd',
  'stream',
  'source_ip',
  'session_id',
  'http_status',
  'error_type',
  'metadata',
  'messages',
  'response',
] as const;

export function fromSpendRow(row: Omit<Selectable<SpendLogsTable>, 'balances'>): SpendRow {
  return {
    requestId: row.request_id,
    responseId: row.response_id,
    callType: row.call_type,
    status: row.status as CallStatus,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    firstTokenAtMs: row.first_token_at_ms,
    keyId: row.key_id,
    keyHash: row.key_hash,
    keyAlias: row.key_alias,
    userId: row.user_id,
    teamId: row.team_id,
    organizationId: row.organization_id,
    endUser: row.end_user,
    tags: JSON.parse(row.tags),
    model: row.model,
    modelGroup: row.model_group,
    deploymentId: row.deployment_id,
    provider: row.provider,
    apiBase: row.api_base,
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    totalTokens: row.total_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    reasoningTokens: row.reasoning_tokens,
    usageEstimated: row.usage_estimated !== 0,
    spendNanoUsd: row.spend_nano_usd,
    stream: row.stream !== 0,
    sourceIp: row.source_ip,
    sessionId: row.session_id,
    httpStatus: row.http_status,
    errorType: row.error_type,
    metadata: JSON.parse(row.metadata),
    messages: row.messages,
    response: row.response,
  };
}

/** All conditions of a query; they combine with AND. */
export function buildSpendFilters(
  eb: ExpressionBuilder<Database, 'spend_logs'>,
  dialect: DialectName,
  query: SpendQuery,
): Expression<SqlBool>[] {
  const filters: Expression<SqlBool>[] = [];
  const { requestId } = query;
  if (requestId !== undefined) {
    filters.push(eb.or([eb('request_id', '=', requestId), eb('response_id', '=', requestId)]));
  }
  if (query.keyId === null) filters.push(eb('key_id', 'is', null));
  else if (query.keyId !== undefined) filters.push(eb('key_id', '=', query.keyId));
  if (query.keyHash !== undefined) filters.push(eb('key_hash', '=', query.keyHash));
  if (query.userId !== undefined) filters.push(eb('user_id', '=', query.userId));
  if (query.teamId !== undefined) filters.push(eb('team_id', '=', query.teamId));
  if (query.endUser !== undefined) filters.push(eb('end_user', '=', query.endUser));
  if (query.model !== undefined) filters.push(eb('model', '=', query.model));
  if (query.status !== undefined) filters.push(eb('status', '=', query.status));
  if (query.tag !== undefined) filters.push(hasTag(dialect, query.tag));
  if (query.fromMs !== undefined) filters.push(eb('started_at_ms', '>=', query.fromMs));
  if (query.toMs !== undefined) filters.push(eb('started_at_ms', '<', query.toMs));
  if (query.minSpendNanoUsd !== undefined) filters.push(eb('spend_nano_usd', '>=', query.minSpendNanoUsd));
  if (query.maxSpendNanoUsd !== undefined) filters.push(eb('spend_nano_usd', '<=', query.maxSpendNanoUsd));
  return filters;
}

function hasTag(dialect: DialectName, tag: string): Expression<SqlBool> {
  return dialect === 'sqlite'
    ? sql<boolean>`exists (select 1 from json_each(spend_logs.tags) where json_each.value = ${tag})`
    : sql<boolean>`cast(spend_logs.tags as jsonb) @> cast(${JSON.stringify([tag])} as jsonb)`;
}
