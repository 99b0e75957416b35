/** A ledger row → LiteLLM's spend log row. Dollars and ISO dates on this side. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import type { SpendRow } from '../../management/spend/spend-management.ts';

export const SpendLogRow = z.looseObject({
  request_id: z.string().describe("As in LiteLLM the response's id (chatcmpl-…); where there is none, ours."),
  response_id: z.string().nullable().describe("The upstream's response id; null: there was none."),
  litellm_call_id: z.string().describe('Unique per call, ours: x-litellm-call-id and x-request-id of the reply.'),
  call_type: z.string(),
  api_key: z.string().describe('SHA-256 of the key that called.'),
  spend: z.number(),
  total_tokens: z.number(),
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  startTime: z.string(),
  endTime: z.string(),
  completionStartTime: z.string().nullable(),
  request_duration_ms: z.number(),
  model: z.string(),
  status: z.enum(['success', 'failure', 'aborted', 'unsettled']),
  metadata: z.looseObject({}),
});

/** The part of a row that is as long as what was said. */
export const SpendLogContent = z.object({
  messages: z.unknown(),
  response: z.unknown(),
  proxy_server_request: z.unknown(),
});

export function fromSpendRow(
  row: SpendRow,
  teamAliases: ReadonlyMap<string, string | null>,
): z.output<typeof SpendLogRow> {
  return {
    request_id: row.responseId ?? row.requestId,
    response_id: row.responseId,
    litellm_call_id: row.requestId,
    call_type: row.callType,
    api_key: row.keyHash,
    key_id: row.keyId,
    spend: toUsd(row.spendNanoUsd),
    total_tokens: row.totalTokens,
    prompt_tokens: row.promptTokens,
    completion_tokens: row.completionTokens,
    startTime: toIso(row.startedAtMs),
    endTime: toIso(row.endedAtMs),
    completionStartTime: row.firstTokenAtMs === null ? null : toIso(row.firstTokenAtMs),
    request_duration_ms: row.endedAtMs - row.startedAtMs,
    model: row.model,
    model_id: row.deploymentId,
    model_group: row.modelGroup,
    custom_llm_provider: row.provider,
    api_base: row.apiBase,
    user: row.userId ?? '',
    metadata: toMetadata(row, teamAliases.get(row.teamId ?? '') ?? null),
    // Answers are not cached here.
    cache_hit: 'False',
    cache_key: 'Cache OFF',
    request_tags: row.tags,
    team_id: row.teamId,
    organization_id: row.organizationId,
    end_user: row.endUser,
    requester_ip_address: row.sourceIp,
    messages: parseStored(row.messages),
    response: parseStored(row.response),
    proxy_server_request: {},
    session_id: row.sessionId,
    status: row.status,
  };
}

function toMetadata(row: SpendRow, teamAlias: string | null): Record<string, unknown> {
  const { error_message: errorMessage, ...metadata } = row.metadata;
  return {
    ...metadata,
    ...(row.status === 'success' ? {} : { error_information: toErrorInformation(row, errorMessage) }),
    user_api_key: row.keyHash,
    user_api_key_alias: row.keyAlias,
    user_api_key_team_id: row.teamId,
    user_api_key_team_alias: teamAlias,
    user_api_key_org_id: row.organizationId,
    user_api_key_user_id: row.userId,
    requester_ip_address: row.sourceIp,
    spend_logs_metadata: row.metadata.spend_logs_metadata ?? null,
    applied_guardrails: row.metadata.applied_guardrails ?? [],
    status: row.status === 'success' ? 'success' : 'failure',
    http_status: row.httpStatus,
    error_type: row.errorType,
    stream: row.stream,
    usage_object: {
      prompt_tokens: row.promptTokens,
      completion_tokens: row.completionTokens,
      total_tokens: row.totalTokens,
      prompt_tokens_details: { cached_tokens: row.cacheReadTokens },
      completion_tokens_details: { reasoning_tokens: row.reasoningTokens },
    },
    usage_estimated: row.usageEstimated,
    additional_usage_values: {
      cache_read_input_tokens: row.cacheReadTokens,
      cache_creation_input_tokens: row.cacheWriteTokens,
    },
  };
}

/** What LiteLLM's readers look for in the row of a call that failed. The words are there only where content is kept. */
function toErrorInformation(row: SpendRow, message: unknown): Record<string, string> {
  const kind = row.errorType ?? row.status;
  return {
    error_code: String(row.httpStatus),
    error_class: kind,
    llm_provider: row.provider ?? '',
    error_message: typeof message === 'string' ? message : `${kind} (${row.httpStatus})`,
    traceback: '',
  };
}

/** Prompts and answers are kept as text, and only where that is switched on. Most of it is JSON; what is not stays text. */
function parseStored(text: string | null): unknown {
  if (text === null) return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toIso(atMs: number): string {
  return new Date(atMs).toISOString();
}
