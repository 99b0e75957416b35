import type { SpendRecord } from '../core/spend-record.ts';

/** How a value of a record's JSON becomes a column: `json` and `flag` (a boolean, stored as 0 or 1) need a cast. */
export type ColumnKind = 'text' | 'bigint' | 'flag' | 'json';

export interface SpendColumn {
  field: keyof SpendRecord;
  column: string;
  kind: ColumnKind;
}

/** Every field of a record is a column of the ledger; a field without an entry here does not compile. */
const KINDS: Record<keyof SpendRecord, ColumnKind> = {
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

export const SPEND_COLUMNS: readonly SpendColumn[] = Object.entries(KINDS).map(([field, kind]) => ({
  field: field as keyof SpendRecord,
  column: field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  kind,
}));
