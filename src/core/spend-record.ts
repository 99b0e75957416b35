import type { JsonObject } from './json.ts';

/** `unsettled`: the process died while the call was in flight; charged by policy. `aborted`: the client left. */
export type CallStatus = 'success' | 'failure' | 'aborted' | 'unsettled';

/** Moves one balance. `counter` is the budget counter's id (see charge.ts). */
export interface BalanceDelta {
  counter: string;
  nanoUsd: number;
}

/**
 * The bill of one call: what the journal's settle record holds, and what becomes one ledger row.
 * Everything that a report groups by is a field of it, so a row never has to be joined to be read.
 */
export interface SpendRecord {
  /** Ours, unique, and the ledger's key: replaying a record is harmless. */
  requestId: string;
  /** The upstream's response id (`chatcmpl-…`), when there was one. */
  responseId: string | null;
  callType: string;
  status: CallStatus;
  startedAtMs: number;
  endedAtMs: number;
  firstTokenAtMs: number | null;
  keyId: string | null;
  keyHash: string;
  keyAlias: string | null;
  userId: string | null;
  teamId: string | null;
  organizationId: string | null;
  endUser: string | null;
  tags: readonly string[];
  /** As the client asked for it. */
  model: string;
  modelGroup: string | null;
  deploymentId: string | null;
  provider: string | null;
  apiBase: string | null;
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  usageEstimated: boolean;
  spendNanoUsd: number;
  stream: boolean;
  sourceIp: string | null;
  sessionId: string | null;
  /** HTTP status sent, and the error's type for failures. */
  httpStatus: number;
  errorType: string | null;
  metadata: JsonObject;
  /** Prompt and answer; null unless general_settings.store_prompts_in_spend_logs. */
  messages: string | null;
  response: string | null;
  balances: readonly BalanceDelta[];
}

/** Journalled before the upstream is called: enough to bill the call if the process dies. */
export interface CallIntent {
  requestId: string;
  startedAtMs: number;
  callType: string;
  keyId: string | null;
  keyHash: string;
  keyAlias: string | null;
  userId: string | null;
  teamId: string | null;
  organizationId: string | null;
  endUser: string | null;
  tags: readonly string[];
  model: string;
  modelGroup: string | null;
  stream: boolean;
  sourceIp: string | null;
  /** What is held of every budget on the path, charged when the call never settles. */
  balances: readonly BalanceDelta[];
  /** The call's own estimated cost: the row's spend when it never settles. */
  heldNanoUsd: number;
}
