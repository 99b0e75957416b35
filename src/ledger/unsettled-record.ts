import type { CallIntent, SpendRecord } from '../core/spend-record.ts';
import type { UnsettledPolicy } from './ledger.ts';

/**
 * The bill of a call that was in flight when its process died: what was held for it, or nothing, by policy. Either way
 * it is a row of its own status, so that nobody takes it for a call that was answered.
 */
export function buildUnsettledRecord(intent: CallIntent, policy: UnsettledPolicy, nowMs: number): SpendRecord {
  const charged = policy === 'hold';
  return {
    requestId: intent.requestId,
    responseId: null,
    callType: intent.callType,
    status: 'unsettled',
    startedAtMs: intent.startedAtMs,
    endedAtMs: nowMs,
    firstTokenAtMs: null,
    keyId: intent.keyId,
    keyHash: intent.keyHash,
    keyAlias: intent.keyAlias,
    userId: intent.userId,
    teamId: intent.teamId,
    organizationId: intent.organizationId,
    endUser: intent.endUser,
    tags: intent.tags,
    model: intent.model,
    modelGroup: intent.modelGroup,
    deploymentId: null,
    provider: null,
    apiBase: null,
    promptTokens: 0,
    completionTokens: 0,
    totalTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    usageEstimated: true,
    spendNanoUsd: charged ? intent.heldNanoUsd : 0,
    stream: intent.stream,
    sourceIp: intent.sourceIp,
    sessionId: null,
    httpStatus: 0,
    errorType: null,
    metadata: {},
    messages: null,
    response: null,
    balances: charged ? intent.balances : [],
  };
}
