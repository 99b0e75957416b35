// Calls as the gateway would hand them to the ledger.

import type { CallIntent, SpendRecord } from '../../core/spend-record.ts';

/** 2026-03-01 12:00 UTC. */
export const NOW_MS = Date.UTC(2026, 2, 1, 12);

export const KEY_COUNTER = 'key:key_1/spend';
export const TEAM_COUNTER = 'team:team_1/spend:1d@1772323200000';

export function buildIntent(requestId: string, overrides: Partial<CallIntent> = {}): CallIntent {
  return {
    requestId,
    startedAtMs: NOW_MS,
    callType: 'acompletion',
    keyId: 'key_1',
    keyHash: 'a'.repeat(64),
    keyAlias: 'my key',
    userId: 'user_1',
    teamId: 'team_1',
    organizationId: null,
    endUser: null,
    tags: ['blue', 'green'],
    model: 'gpt-4o-mini',
    modelGroup: 'gpt-4o-mini',
    stream: false,
    sourceIp: '127.0.0.1',
    balances: [
      { counter: KEY_COUNTER, nanoUsd: 9_000 },
      { counter: TEAM_COUNTER, nanoUsd: 9_000 },
    ],
    heldNanoUsd: 9_000,
    ...overrides,
  };
}

export function buildRecord(requestId: string, nanoUsd = 1_000, overrides: Partial<SpendRecord> = {}): SpendRecord {
  const { balances: _held, heldNanoUsd: _hold, ...intent } = buildIntent(requestId);
  return {
    ...intent,
    responseId: `chatcmpl-${requestId}`,
    status: 'success',
    endedAtMs: NOW_MS + 250,
    firstTokenAtMs: null,
    deploymentId: 'deployment_1',
    provider: 'openai',
    apiBase: 'https://api.openai.com/v1',
    promptTokens: 12,
    completionTokens: 30,
    totalTokens: 42,
    cacheReadTokens: 2,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    usageEstimated: false,
    spendNanoUsd: nanoUsd,
    sessionId: null,
    httpStatus: 200,
    errorType: null,
    metadata: { team: { name: 'ünïcode ✓' } },
    messages: null,
    response: null,
    balances: [
      { counter: KEY_COUNTER, nanoUsd },
      { counter: TEAM_COUNTER, nanoUsd },
    ],
    ...overrides,
  };
}
