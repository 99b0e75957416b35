/**
 * A log payload as one line of JSON. Spelled out because every logged call is written here; see json-bytes.ts. Members that
 * are made of the same things stand together, so that they can be copied together.
 */
import type { CallFacts, CallFailure, CallLog } from './call-log.ts';
import type { JsonObject } from './json.ts';
import { ascii, type JsonBytes } from './json-bytes.ts';
import { KeptPart } from './kept-part.ts';
import { REDACTED } from './log-payload.ts';
import { readAnswer } from './read-answer.ts';

const TO_LITELLM_ID = ascii(',"litellm_call_id":');
const TO_TRACE = ascii(',"trace_id":');
const TO_COST = ascii(',"response_cost":');
const TO_TOTAL_COST = ascii(',"response_cost_failure_debug_info":null,"cost_breakdown":{"total_cost":');
const TO_TOTAL_TOKENS = ascii('},"total_tokens":');
const TO_PROMPT_TOKENS = ascii(',"prompt_tokens":');
const TO_COMPLETION_TOKENS = ascii(',"completion_tokens":');
const TO_START = ascii(',"startTime":');
const TO_END = ascii(',"endTime":');
const TO_COMPLETION_START = ascii(',"completionStartTime":');
const TO_RESPONSE_TIME = ascii(',"response_time":');
const TO_HIDDEN_COST = ascii(',"additional_headers":{},"response_cost":');
const TO_METADATA = ascii('},"metadata":{');
const TO_IP = ascii(',"requester_ip_address":');
const TO_USER_END_USER = ascii(',"user_api_key_end_user_id":');
const TO_SPEND_METADATA = ascii(',"spend_logs_metadata":');
const TO_REQUESTER_METADATA = ascii(',"requester_metadata":');
const TO_USAGE = ascii(',"usage_object":{"prompt_tokens":');
const TO_TOTAL_USAGE = ascii(',"total_tokens":');
const TO_CACHE_READ = ascii(',"cache_read_input_tokens":');
const TO_CACHE_WRITE = ascii(',"cache_creation_input_tokens":');
const TO_REASONING = ascii(',"reasoning_tokens":');
const TO_ESTIMATED = ascii(',"estimated":');
const TO_TAGS = ascii('}},"cache_hit":false,"cache_key":null,"saved_cache_cost":0,"request_tags":');
const TO_END_USER = ascii(',"end_user":');
const TO_MESSAGES = ascii(',"messages":');
const TO_RESPONSE = ascii(',"response":');
const TO_PARAMETERS = ascii(',"model_parameters":');
const NO_ERROR = ascii(',"error_str":null,"error_information":null');
const NULL = ascii('null');
const QUOTED_REDACTED = ascii(`"${REDACTED}"`);
const ID = ascii('{"id":');
const CLOSE_BRACE = 0x7d;

/** Writes one line, without its end. With `redact`, or where there is no content, a word stands in its place. */
export function writeLogPayload(out: JsonBytes, log: CallLog, redact: boolean): void {
  const { facts, failure } = log;
  const content = redact ? null : log.content;
  out.raw(ID);
  out.text(facts.responseId ?? facts.requestId);
  out.raw(TO_LITELLM_ID);
  const callId = out.end;
  out.text(facts.requestId);
  const callIdEnd = out.end;
  out.raw(TO_TRACE);
  const traceId = log.requestMetadata?.trace_id;
  // What the client calls the work that the call is part of.
  if (typeof traceId === 'string' && traceId !== '') out.text(traceId);
  else out.again(callId, callIdEnd);
  KIND.put(out, facts.callType, log);
  out.raw(TO_COST);
  const cost = out.end;
  out.scaled(facts.spendNanoUsd, 9);
  const costEnd = out.end;
  out.raw(TO_TOTAL_COST);
  out.again(cost, costEnd);
  out.raw(TO_TOTAL_TOKENS);
  out.number(facts.totalTokens);
  out.raw(TO_PROMPT_TOKENS);
  out.number(facts.promptTokens);
  out.raw(TO_COMPLETION_TOKENS);
  out.number(facts.completionTokens);
  writeTimes(out, facts);
  DEPLOYMENT.put(out, facts.deploymentId ?? '', log);
  out.raw(TO_HIDDEN_COST);
  out.again(cost, costEnd);
  out.raw(TO_METADATA);
  writeMetadata(out, log);
  out.raw(TO_TAGS);
  out.names(facts.tags);
  out.raw(TO_END_USER);
  out.name(facts.endUser);
  out.raw(TO_IP);
  out.name(facts.sourceIp);
  out.raw(TO_MESSAGES);
  if (content === null) out.raw(QUOTED_REDACTED);
  else out.json(safeText(content.messages ?? null));
  out.raw(TO_RESPONSE);
  if (content === null) out.raw(QUOTED_REDACTED);
  else out.json(content.response === null ? 'null' : safeText(readAnswer(content.response)));
  if (failure === null) out.raw(NO_ERROR);
  else out.json(failureText(redact ? withoutQuote(failure) : failure, facts));
  out.raw(TO_PARAMETERS);
  out.object(log.modelParameters);
  out.byte(CLOSE_BRACE);
}

/** What kind of call it was, and how it ended. */
const KIND = new KeptPart<CallLog>(
  ({ facts, failure }) => [facts.callType, facts.stream, failure === null],
  (out, { facts, failure }) => {
    const status = failure === null ? 'success' : 'failure';
    const statuses = { llm_api_status: status, guardrail_status: 'not_run' };
    out.json(membersText({ call_type: facts.callType, stream: facts.stream, status, status_fields: statuses }));
  },
);

/** Where it went, up to what is different each time. */
const DEPLOYMENT = new KeptPart<CallLog>(
  ({ facts, upstreamModel }) => [
    facts.deploymentId,
    facts.provider,
    upstreamModel,
    facts.model,
    facts.modelGroup,
    facts.apiBase,
  ],
  (out, { facts, upstreamModel }) => {
    const { deploymentId, provider, modelGroup, apiBase } = facts;
    const model = upstreamModel ?? facts.model;
    const members = {
      custom_llm_provider: provider,
      model,
      model_id: deploymentId,
      model_group: modelGroup,
      api_base: apiBase,
      model_map_information: { model_map_key: model, model_map_value: null },
    };
    const hidden = { model_id: deploymentId, cache_key: null, api_base: apiBase };
    out.json(`${membersText(members)},"hidden_params":${JSON.stringify(hidden).slice(0, -1)}`);
  },
);

/** Who made it, and who stands behind them. */
const CALLER = new KeptPart<CallLog>(
  ({ facts, names }) => [
    facts.keyHash,
    facts.keyId,
    facts.keyAlias,
    facts.teamId,
    names.teamAlias,
    facts.organizationId,
    names.organizationAlias,
    facts.userId,
    names.userEmail,
    names.keyMaxBudgetNanoUsd,
    names.teamMaxBudgetNanoUsd,
  ],
  (out, { facts, names }) => {
    const members = {
      key_id: facts.keyId,
      user_api_key_hash: facts.keyHash === '' ? null : facts.keyHash,
      user_api_key_alias: facts.keyAlias,
      user_api_key_team_id: facts.teamId,
      user_api_key_team_alias: names.teamAlias,
      user_api_key_org_id: facts.organizationId,
      user_api_key_org_alias: names.organizationAlias,
      user_api_key_user_id: facts.userId,
      user_api_key_user_email: names.userEmail,
      user_api_key_max_budget: toUsd(names.keyMaxBudgetNanoUsd),
      user_api_key_team_max_budget: toUsd(names.teamMaxBudgetNanoUsd),
    };
    out.json(membersText(members).slice(1));
  },
);

function writeTimes(out: JsonBytes, { startedAtMs, endedAtMs, firstTokenAtMs }: CallFacts): void {
  out.raw(TO_START);
  out.scaled(startedAtMs, 3);
  out.raw(TO_END);
  out.scaled(endedAtMs, 3);
  out.raw(TO_COMPLETION_START);
  out.scaled(firstTokenAtMs ?? endedAtMs, 3);
  out.raw(TO_RESPONSE_TIME);
  out.scaled(endedAtMs - startedAtMs, 3);
}

function writeMetadata(out: JsonBytes, log: CallLog): void {
  const { facts, requestMetadata } = log;
  const spendMetadata = facts.metadata.spend_logs_metadata;
  CALLER.put(out, facts.keyHash ?? '', log);
  out.raw(TO_USER_END_USER);
  out.name(facts.endUser);
  out.raw(TO_IP);
  out.name(facts.sourceIp);
  out.raw(TO_SPEND_METADATA);
  if (spendMetadata === undefined) out.raw(NULL);
  else out.json(safeText(spendMetadata));
  out.raw(TO_REQUESTER_METADATA);
  if (requestMetadata === null) out.raw(NULL);
  else out.json(safeText(requestMetadata));
  out.raw(TO_USAGE);
  out.number(facts.promptTokens);
  out.raw(TO_COMPLETION_TOKENS);
  out.number(facts.completionTokens);
  out.raw(TO_TOTAL_USAGE);
  out.number(facts.totalTokens);
  out.raw(TO_CACHE_READ);
  out.number(facts.cacheReadTokens);
  out.raw(TO_CACHE_WRITE);
  out.number(facts.cacheWriteTokens);
  out.raw(TO_REASONING);
  out.number(facts.reasoningTokens);
  out.raw(TO_ESTIMATED);
  out.boolean(facts.usageEstimated);
}

/** A failure without what an upstream has said of it: many repeat what they refuse. */
export function withoutQuote(failure: CallFailure): CallFailure {
  const { message, quoted } = failure;
  return quoted ? { ...failure, message: message.replaceAll(quoted, REDACTED), quoted: null } : failure;
}

function failureText({ message, httpStatus, type }: CallFailure, { provider }: CallFacts): string {
  return membersText({
    error_str: message,
    error_information: {
      error_code: String(httpStatus),
      error_class: type,
      error_message: message,
      llm_provider: provider ?? '',
    },
  });
}

/** Members as they follow others. */
function membersText(members: JsonObject): string {
  return `,${JSON.stringify(members).slice(1, -1)}`;
}

/** What a client sent may be nested more deeply than can be written. Its call is logged all the same. */
function safeText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return '"nested too deeply to be logged"';
  }
}

function toUsd(nanoUsd: number | null): number | null {
  return nanoUsd === null ? null : nanoUsd / 1e9;
}
