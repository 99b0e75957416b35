/** The audit log on the wire: LiteLLM's fields, then ours. */
import { z } from 'zod';
import { GatewayError } from '../../core/gateway-error.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import type { AuditFilter, AuditSortField, ChainedEntry } from '../../management/audit/audit-management.ts';
import type { AuditListing } from '../../management/audit/list-audit.ts';
import { toIsoTime } from './iso-time.ts';
import { pageNumberTo } from './page-numbers.ts';
import { parseSpan } from './spend-dates.ts';

const SORT_COLUMNS: Readonly<Record<string, AuditSortField>> = {
  updated_at: 'at_ms',
  action: 'action',
  table_name: 'table_name',
  object_id: 'object_id',
  changed_by: 'changed_by',
  changed_by_api_key: 'changed_by_hash',
};
const SORT_FIELDS = Object.keys(SORT_COLUMNS);
const MAX_PAGE = 1_000_000;
const MAX_PAGE_SIZE = 100;

/** `?action=` without a value asks for nothing in particular. */
const text = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value));
const whole = (most: number, fallback: number) => pageNumberTo(most).default(fallback);

const FILTER_SHAPE = {
  object_id: text.describe('What was changed. A key by its secret, any hash that it had, or its key_id.'),
  object_key_hash: text.describe('The same, for a key.'),
  action: text.describe('created, updated, deleted, blocked, unblocked, rotated, reset, login, logout, denied, …'),
  table_name: text.describe('LiteLLM_VerificationToken, LiteLLM_UserTable, LiteLLM_TeamTable, …'),
  changed_by: text,
  changed_by_api_key: text.describe('Hash of the credential that was used.'),
  start_date: text.describe('YYYY-MM-DD or YYYY-MM-DD HH:MM:SS, UTC; included.'),
  end_date: text.describe('The same; included.'),
  object_team_id: text.describe('Not supported: use object_id and table_name.'),
};

export const AuditExportQuery = z.object({ ...FILTER_SHAPE, format: z.enum(['ndjson', 'csv']).default('ndjson') });

export const AuditQuery = z.object({
  ...FILTER_SHAPE,
  page: whole(MAX_PAGE, 1),
  page_size: whole(MAX_PAGE_SIZE, 10),
  sort_by: text.describe(`One of ${SORT_FIELDS.join(', ')}. Absent: updated_at.`),
  sort_order: z.enum(['asc', 'desc', '']).optional().describe('Absent: desc.'),
});

export const AuditEntryReply = z.object({
  id: z.string(),
  updated_at: z.string(),
  changed_by: z.string(),
  changed_by_api_key: z.string(),
  action: z.string(),
  table_name: z.string(),
  object_id: z.string(),
  before_value: z.record(z.string(), z.unknown()).nullable(),
  updated_values: z.record(z.string(), z.unknown()).nullable(),
  object_key_id: z.string().nullable().describe('For keys: the name that no rotation changes.'),
  object_name: z.string().nullable(),
  caller_kind: z.string().describe('master_key, key, session, anonymous, system; unknown for rows of old versions.'),
  caller_user_id: z.string().nullable(),
  caller_key_id: z.string().nullable(),
  caller_session_id: z.string().nullable(),
  request_id: z.string(),
  source_ip: z.string().nullable(),
  user_agent: z.string().nullable(),
  route: z.string().nullable(),
  seq: z.number(),
  prev_hash: z.string(),
  hash: z.string(),
});
export type AuditEntryOutput = z.output<typeof AuditEntryReply>;

export const AuditPage = z.object({
  audit_logs: z.array(AuditEntryReply),
  total: z.number(),
  page: z.number(),
  page_size: z.number(),
  total_pages: z.number(),
});

export const CheckpointReply = z.looseObject({
  seq: z.number(),
  hash: z.string(),
  at: z.string(),
  public_key_id: z.string(),
  public_key: z.string(),
  signature: z.string(),
});

type FilterInput = Omit<z.output<typeof AuditExportQuery>, 'format'>;

/** Throws bad_request naming the parameter. */
export function toAuditFilter(query: FilterInput): AuditFilter {
  if (query.object_team_id !== undefined) {
    throw new GatewayError('bad_request', 'object_team_id is not supported. Use object_id and table_name.', {
      param: 'object_team_id',
    });
  }
  const object = query.object_id ?? query.object_key_hash;
  return {
    objectId: object === undefined ? undefined : hashSecret(object),
    action: query.action,
    tableName: query.table_name,
    changedBy: query.changed_by,
    changedByHash: query.changed_by_api_key === undefined ? undefined : hashSecret(query.changed_by_api_key),
    ...parseSpan(query.start_date, query.end_date),
  };
}

export function toAuditListing(query: z.output<typeof AuditQuery>): AuditListing {
  const sortBy = query.sort_by === undefined ? 'at_ms' : SORT_COLUMNS[query.sort_by];
  if (sortBy === undefined || !Object.hasOwn(SORT_COLUMNS, query.sort_by ?? 'updated_at')) {
    throw new GatewayError('bad_request', `sort_by must be one of: ${SORT_FIELDS.join(', ')}.`, { param: 'sort_by' });
  }
  const sortOrder = query.sort_order === 'asc' ? 'asc' : 'desc';
  return { ...toAuditFilter(query), page: query.page, pageSize: query.page_size, sortBy, sortOrder };
}

/** A secret is never looked for as such. */
function hashSecret(name: string): string {
  const address = parseKeyAddress(name);
  return address.kind === 'hash' ? address.hash : name;
}

export function fromAuditEntry(entry: ChainedEntry): AuditEntryOutput {
  return {
    id: entry.id,
    updated_at: toIsoTime(entry.atMs),
    changed_by: entry.changedBy,
    changed_by_api_key: entry.changedByHash,
    action: entry.action,
    table_name: entry.tableName,
    object_id: entry.objectId,
    before_value: entry.before,
    updated_values: entry.after,
    object_key_id: entry.objectKeyId,
    object_name: entry.objectName,
    caller_kind: entry.callerKind,
    caller_user_id: entry.callerUserId,
    caller_key_id: entry.callerKeyId,
    caller_session_id: entry.callerSessionId,
    request_id: entry.requestId,
    source_ip: entry.sourceIp,
    user_agent: entry.userAgent,
    route: entry.route,
    seq: entry.seq,
    prev_hash: entry.prevHash,
    hash: entry.hash,
  };
}
