import type { SpendRecord } from './spend-record.ts';

/**
 * A spend record as the bare list of its values: a third shorter and twice as quick to write and to read as an object,
 * and every call is written once and read once. The positions below are the format of journals on disk and of the
 * ledger's rows: new fields go to the end, and none is ever moved or taken out.
 */
export type RecordRow = readonly unknown[];

/** Where each field stands in a row. */
export const RECORD_POSITIONS: Readonly<Record<keyof SpendRecord, number>> = {
  requestId: 0,
  responseId: 1,
  callType: 2,
  status: 3,
  startedAtMs: 4,
  endedAtMs: 5,
  firstTokenAtMs: 6,
  keyId: 7,
  keyHash: 8,
  keyAlias: 9,
  userId: 10,
  teamId: 11,
  organizationId: 12,
  endUser: 13,
  tags: 14,
  model: 15,
  modelGroup: 16,
  deploymentId: 17,
  provider: 18,
  apiBase: 19,
  promptTokens: 20,
  completionTokens: 21,
  totalTokens: 22,
  cacheReadTokens: 23,
  cacheWriteTokens: 24,
  reasoningTokens: 25,
  usageEstimated: 26,
  spendNanoUsd: 27,
  stream: 28,
  sourceIp: 29,
  sessionId: 30,
  httpStatus: 31,
  errorType: 32,
  metadata: 33,
  messages: 34,
  response: 35,
  balances: 36,
};

const FIELDS = Object.keys(RECORD_POSITIONS);

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
