import type { SpendRecord } from '../core/spend-record.ts';

/**
 * A spend record as the bare list of its values: a third shorter and twice as quick to write and to read as an object,
 * and every call is written once and read once. The order below is the format of journals on disk: new fields go to the
 * end, and none is ever taken out.
 */
export type RecordRow = readonly unknown[];

/** How a value becomes a column: `flag` is a boolean stored as 0 or 1, `json` is stored as text. */
export type ColumnKind = 'text' | 'bigint' | 'flag' | 'json';

const KINDS: Readonly<Record<keyof SpendRecord, ColumnKind>> = {
  requestId: 'text',
  responseId: 'text',
  callType: 'text',
  status: 'text',
  startedAtMs: 'bigint',
  endedAtMs: 'bigint',
  firstTokenAtMs: 'bigint',
  keyId: 'text',
  keyHash: 'text',
  keyAlias: 'text',
  userId: 'text',
  teamId: 'text',
  organizationId: 'text',
  endUser: 'text',
  tags: 'json',
  model: 'text',
  modelGroup: 'text',
  deploymentId: 'text',
  provider: 'text',
  apiBase: 'text',
  promptTokens: 'bigint',
  completionTokens: 'bigint',
  totalTokens: 'bigint',
  cacheReadTokens: 'bigint',
  cacheWriteTokens: 'bigint',
  reasoningTokens: 'bigint',
  usageEstimated: 'flag',
  spendNanoUsd: 'bigint',
  stream: 'flag',
  sourceIp: 'text',
  sessionId: 'text',
  httpStatus: 'bigint',
  errorType: 'text',
  metadata: 'json',
  messages: 'text',
  response: 'text',
  balances: 'json',
};

const FIELDS = Object.keys(KINDS);

/** The columns of spend_logs, in the order of a row's values. */
export const SPEND_COLUMNS: readonly { column: string; kind: ColumnKind }[] = Object.entries(KINDS).map(
  ([field, kind]) => ({ column: field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), kind }),
);

/** Spelled out, because this runs for every call and a loop over names takes twice as long. */
export function toRecordRow(record: SpendRecord): RecordRow {
  return [
    record.requestId,
    record.responseId,
    record.callType,
    record.status,
    record.startedAtMs,
    record.endedAtMs,
    record.firstTokenAtMs,
    record.keyId,
    record.keyHash,
    record.keyAlias,
    record.userId,
    record.teamId,
    record.organizationId,
    record.endUser,
    record.tags,
    record.model,
    record.modelGroup,
    record.deploymentId,
    record.provider,
    record.apiBase,
    record.promptTokens,
    record.completionTokens,
    record.totalTokens,
    record.cacheReadTokens,
    record.cacheWriteTokens,
    record.reasoningTokens,
    record.usageEstimated,
    record.spendNanoUsd,
    record.stream,
    record.sourceIp,
    record.sessionId,
    record.httpStatus,
    record.errorType,
    record.metadata,
    record.messages,
    record.response,
    record.balances,
  ];
}

export function fromRecordRow(row: RecordRow): SpendRecord {
  return Object.fromEntries(FIELDS.map((field, index) => [field, row[index]])) as unknown as SpendRecord;
}
