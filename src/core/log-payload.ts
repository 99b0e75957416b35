/**
 * The record of a call as log destinations get it: LiteLLM's StandardLoggingPayload by its newest names, so that what
 * reads LiteLLM's logs reads these. One line of JSON, spelled out because every logged call is written here; see
 * json-text.ts.
 */
import type { CallContent, CallFacts, CallLog } from './call-log.ts';
import type { Json, JsonObject } from './json.ts';
import { namesText, numberText, objectText, quote, quoteName } from './json-text.ts';
import { readAnswer } from './read-answer.ts';

/** Stands where content is not given out; LiteLLM's word, which its readers know. */
export const REDACTED = 'redacted-by-litellm';

/** The line read back, as far as sinks use it. Costs are US dollars, times seconds since 1970. */
export interface LogPayload {
  /** The upstream's response id, else the call's own. */
  id: string;
  litellm_call_id: string;
  trace_id: string;
  call_type: string;
  stream: boolean;
  status: 'success' | 'failure';
  response_cost: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  startTime: number;
  endTime: number;
  completionStartTime: number;
  response_time: number;
  model: string;
  model_id: string | null;
  model_group: string | null;
  custom_llm_provider: string | null;
  api_base: string | null;
  metadata: LogPayloadMetadata;
  request_tags: string[];
  end_user: string | null;
  requester_ip_address: string | null;
  messages: Json;
  response: Json;
  error_str: string | null;
  error_information: { error_code: string; error_class: string; error_message: string; llm_provider: string } | null;
  model_parameters: JsonObject;
}

/** Also holds `user_api_key_*` and the like, which a sink passes on as they are. */
export interface LogPayloadMetadata {
  /** The key's immutable name. */
  key_id: string | null;
  user_api_key_hash: string | null;
  user_api_key_alias: string | null;
  user_api_key_team_id: string | null;
  user_api_key_team_alias: string | null;
  user_api_key_org_id: string | null;
  user_api_key_user_id: string | null;
  user_api_key_user_email: string | null;
  user_api_key_end_user_id: string | null;
  spend_logs_metadata: JsonObject | null;
  requester_metadata: JsonObject | null;
  usage_object: { cache_read_input_tokens: number; cache_creation_input_tokens: number; reasoning_tokens: number };
}

/** One line, without its end. With `redact`, or where there is no content, a word stands in its place. */
export function writeLogPayload(log: CallLog, redact: boolean): string {
  const { facts, failure, upstreamModel } = log;
  const cost = numberText(facts.spendNanoUsd / 1e9);
  const callId = quote(facts.requestId);
  const content = redact ? null : log.content;
  const status = failure === null ? '"success"' : '"failure"';
  const model = quoteName(upstreamModel ?? facts.model);
  const modelId = quoteName(facts.deploymentId);
  const apiBase = quoteName(facts.apiBase);
  return (
    `{"id":${facts.responseId === null ? callId : quote(facts.responseId)},"litellm_call_id":${callId},` +
    `"trace_id":${traceId(log)},"call_type":${quoteName(facts.callType)},"stream":${facts.stream},` +
    `"status":${status},"status_fields":{"llm_api_status":${status},"guardrail_status":"not_run"},` +
    `"response_cost":${cost},"response_cost_failure_debug_info":null,"cost_breakdown":{"total_cost":${cost}},` +
    `"custom_llm_provider":${quoteName(facts.provider)},"total_tokens":${numberText(facts.totalTokens)},` +
    `"prompt_tokens":${numberText(facts.promptTokens)},"completion_tokens":${numberText(facts.completionTokens)},` +
    `"startTime":${seconds(facts.startedAtMs)},"endTime":${seconds(facts.endedAtMs)},` +
    `"completionStartTime":${seconds(facts.firstTokenAtMs ?? facts.endedAtMs)},` +
    `"response_time":${seconds(facts.endedAtMs - facts.startedAtMs)},"model":${model},"model_id":${modelId},` +
    `"model_group":${quoteName(facts.modelGroup)},"api_base":${apiBase},` +
    `"model_map_information":{"model_map_key":${model},"model_map_value":null},"metadata":${metadataText(log)},` +
    `"cache_hit":false,"cache_key":null,"saved_cache_cost":0,"request_tags":${namesText(facts.tags)},` +
    `"end_user":${quoteName(facts.endUser)},"requester_ip_address":${quoteName(facts.sourceIp)},` +
    `"messages":${messagesText(content)},"response":${responseText(content)},` +
    `"error_str":${failure === null ? 'null' : quote(failure.message)},"error_information":${failureText(log)},` +
    `"model_parameters":${objectText(log.modelParameters)},"hidden_params":{"model_id":${modelId},"cache_key":null,` +
    `"api_base":${apiBase},"response_cost":${cost},"additional_headers":{}}}`
  );
}

function metadataText({ facts, names, requestMetadata }: CallLog): string {
  const spendMetadata = facts.metadata.spend_logs_metadata;
  return (
    `{"key_id":${quoteName(facts.keyId)},"user_api_key_hash":${quoteName(facts.keyHash)},` +
    `"user_api_key_alias":${quoteName(facts.keyAlias)},"user_api_key_team_id":${quoteName(facts.teamId)},` +
    `"user_api_key_team_alias":${quoteName(names.teamAlias)},"user_api_key_org_id":${quoteName(facts.organizationId)},` +
    `"user_api_key_org_alias":${quoteName(names.organizationAlias)},` +
    `"user_api_key_user_id":${quoteName(facts.userId)},"user_api_key_user_email":${quoteName(names.userEmail)},` +
    `"user_api_key_end_user_id":${quoteName(facts.endUser)},` +
    `"user_api_key_max_budget":${usd(names.keyMaxBudgetNanoUsd)},` +
    `"user_api_key_team_max_budget":${usd(names.teamMaxBudgetNanoUsd)},` +
    `"requester_ip_address":${quoteName(facts.sourceIp)},` +
    `"spend_logs_metadata":${spendMetadata === undefined ? 'null' : safeText(spendMetadata)},` +
    `"requester_metadata":${requestMetadata === null ? 'null' : safeText(requestMetadata)},` +
    `"usage_object":${usageText(facts)}}`
  );
}

function usageText(facts: CallFacts): string {
  const { cacheReadTokens, cacheWriteTokens, reasoningTokens } = facts;
  return (
    `{"prompt_tokens":${numberText(facts.promptTokens)},"completion_tokens":${numberText(facts.completionTokens)},` +
    `"total_tokens":${numberText(facts.totalTokens)},"cache_read_input_tokens":${numberText(cacheReadTokens)},` +
    `"cache_creation_input_tokens":${numberText(cacheWriteTokens)},"reasoning_tokens":${numberText(reasoningTokens)},` +
    `"estimated":${facts.usageEstimated}}`
  );
}

function failureText({ failure, facts }: CallLog): string {
  if (failure === null) return 'null';
  return (
    `{"error_code":"${failure.httpStatus}","error_class":${quoteName(failure.type)},` +
    `"error_message":${quote(failure.message)},"llm_provider":${quoteName(facts.provider ?? '')}}`
  );
}

/** What the client calls the work that the call is part of, else the call itself. */
function traceId({ facts, requestMetadata }: CallLog): string {
  const own = requestMetadata?.trace_id;
  return quote(typeof own === 'string' && own !== '' ? own : facts.requestId);
}

function messagesText(content: CallContent | null): string {
  return content === null ? `"${REDACTED}"` : safeText(content.messages ?? null);
}

function responseText(content: CallContent | null): string {
  if (content === null) return `"${REDACTED}"`;
  return content.response === null ? 'null' : safeText(readAnswer(content.response));
}

/** What a client sent may be nested more deeply than can be written. Its call is logged all the same. */
function safeText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return '"nested too deeply to be logged"';
  }
}

function seconds(ms: number): string {
  return numberText(ms / 1000);
}

function usd(nanoUsd: number | null): string {
  return nanoUsd === null ? 'null' : numberText(nanoUsd / 1e9);
}
