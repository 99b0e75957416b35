import { ascii, type JsonBytes } from './json-bytes.ts';
import type { BalanceDelta, SpendRecord } from './spend-record.ts';

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

const OPEN = 0x5b;
const COMMA = 0x2c;
const CLOSE = 0x5d;
const COUNTER = ascii('{"counter":');
const NEXT_COUNTER = ascii(',{"counter":');
const NANO_USD = ascii(',"nanoUsd":');
const CLOSE_BRACE = 0x7d;

/** The row as JSON. Spelled out, because every call is written here; see json-bytes.ts. */
export function writeRecordRow(out: JsonBytes, record: SpendRecord): void {
  out.byte(OPEN);
  out.text(record.requestId);
  out.byte(COMMA);
  out.text(record.responseId);
  out.byte(COMMA);
  out.name(record.callType);
  out.byte(COMMA);
  out.name(record.status);
  out.byte(COMMA);
  out.number(record.startedAtMs);
  out.byte(COMMA);
  out.number(record.endedAtMs);
  out.byte(COMMA);
  out.number(record.firstTokenAtMs);
  out.byte(COMMA);
  out.name(record.keyId);
  out.byte(COMMA);
  out.name(record.keyHash);
  out.byte(COMMA);
  out.name(record.keyAlias);
  out.byte(COMMA);
  out.name(record.userId);
  out.byte(COMMA);
  out.name(record.teamId);
  out.byte(COMMA);
  out.name(record.organizationId);
  out.byte(COMMA);
  out.name(record.endUser);
  out.byte(COMMA);
  out.names(record.tags);
  out.byte(COMMA);
  out.name(record.model);
  out.byte(COMMA);
  out.name(record.modelGroup);
  out.byte(COMMA);
  out.name(record.deploymentId);
  out.byte(COMMA);
  out.name(record.provider);
  out.byte(COMMA);
  out.name(record.apiBase);
  out.byte(COMMA);
  out.number(record.promptTokens);
  out.byte(COMMA);
  out.number(record.completionTokens);
  out.byte(COMMA);
  out.number(record.totalTokens);
  out.byte(COMMA);
  out.number(record.cacheReadTokens);
  out.byte(COMMA);
  out.number(record.cacheWriteTokens);
  out.byte(COMMA);
  out.number(record.reasoningTokens);
  out.byte(COMMA);
  out.boolean(record.usageEstimated);
  out.byte(COMMA);
  out.number(record.spendNanoUsd);
  out.byte(COMMA);
  out.boolean(record.stream);
  out.byte(COMMA);
  out.name(record.sourceIp);
  out.byte(COMMA);
  out.name(record.sessionId);
  out.byte(COMMA);
  out.number(record.httpStatus);
  out.byte(COMMA);
  out.name(record.errorType);
  out.byte(COMMA);
  out.object(record.metadata);
  out.byte(COMMA);
  out.text(record.messages);
  out.byte(COMMA);
  out.text(record.response);
  out.byte(COMMA);
  writeBalances(out, record.balances);
  out.byte(CLOSE);
}

/** The list of what a call moves, or holds. */
export function writeBalances(out: JsonBytes, balances: readonly BalanceDelta[]): void {
  out.byte(OPEN);
  for (let index = 0; index < balances.length; index += 1) {
    const { counter, nanoUsd } = balances[index] as BalanceDelta;
    out.raw(index === 0 ? COUNTER : NEXT_COUNTER);
    out.name(counter);
    out.raw(NANO_USD);
    out.number(nanoUsd);
    out.byte(CLOSE_BRACE);
  }
  out.byte(CLOSE);
}

export function fromRecordRow(row: RecordRow): SpendRecord {
  return Object.fromEntries(FIELDS.map((field, index) => [field, row[index]])) as unknown as SpendRecord;
}
