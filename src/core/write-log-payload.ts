/**
 * A log payload as one line of JSON. Spelled out because every logged call is written here; see json-bytes.ts. Members that
 * are made of the same things stand together, so that they can be copied together.
 */
import type { CallContent, CallFacts, CallFailure, CallLog } from './call-log.ts';
import type { JsonObject } from './json.ts';
import { ascii, type JsonBytes } from './json-bytes.ts';
import { KeptPart } from './kept-part.ts';
import { REDACTED } from './log-payload.ts';
import { readAnswer } from './read-answer.ts';

const ID = ascii('{"id":');
const TO_LITELLM_ID = ascii(',"litellm_call_id":');
const TO_TRACE = ascii(',"trace_id":');
const TO_START = ascii(',"startTime":');
const TO_END = ascii(',"endTime":');
const TO_COMPLETION_START = ascii(',"completionStartTime":');
const TO_RESPONSE_TIME = ascii(',"response_time":');
const TO_PROMPT_TOKENS = ascii(',"prompt_tokens":');
const TO_COMPLETION_TOKENS = ascii(',"completion_tokens":');
const TO_TOTAL_TOKENS = ascii(',"total_tokens":');
const TO_COST = ascii(',"response_cost":');
const TO_TOTAL_COST = ascii(',"response_cost_failure_debug_info":null,"cost_breakdown":{"total_cost":');
const TO_HIDDEN_COST = ascii('},"hidden_params":{"response_cost":');
const TO_USAGE = ascii(',"usage_object":{');
const NO_OTHER_USAGE = ascii(
  ',"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"reasoning_tokens":0,"estimated":false}',
);
const NO_METADATA = ascii(',"spend_logs_metadata":null,"requester_metadata":null');
const TO_SPEND_METADATA = ascii(',"spend_logs_metadata":');
const TO_REQUESTER_METADATA = ascii(',"requester_metadata":');
const TO_TAGS = ascii(',"request_tags":');
const TO_MESSAGES = ascii(',"messages":');
const TO_RESPONSE = ascii(',"response":');
const NO_CONTENT = ascii(`,"messages":"${REDACTED}","response":"${REDACTED}"`);
const NO_ERROR = ascii(',"error_str":null,"error_information":null');
const TO_PARAMETERS = ascii(',"model_parameters":');
const CLOSE_BRACE = 0x7d;
const COMMA_BYTES = 1;

/** Writes one line, without its end. With `redact`, or where there is no content, a word stands in its place. */
export function writeLogPayload(out: JsonBytes, log: CallLog, redact: boolean): void {
  const { facts, failure } = log;
  writeIds(out, log);
  writeTimes(out, facts);
  const tokens = out.end;
  writeTokens(out, facts);
  const tokensEnd = out.end;
  out.raw(TO_COST);
  const cost = out.end;
  out.scaled(facts.spendNanoUsd, 9);
  const costEnd = out.end;
  out.raw(TO_TOTAL_COST);
  out.again(cost, costEnd);
  out.raw(TO_HIDDEN_COST);
  out.again(cost, costEnd);
  routeOf(log).put(out, facts.deploymentId ?? '', log);
  CALLER.put(out, facts.keyHash ?? '', log);
  out.raw(TO_USAGE);
  out.again(tokens + COMMA_BYTES, tokensEnd);
  const content = redact ? null : log.content;
  if (isPlain(log, content)) PLAIN_REST.put(out, facts.sourceIp ?? '', log);
  else writeRest(out, log, content, failure !== null && redact ? withoutQuote(failure) : failure);
  out.object(log.modelParameters);
  out.byte(CLOSE_BRACE);
}

/** Where it went, what kind of call it was, and how it ended. */
const createRoute = () =>
  new KeptPart<CallLog>(
    ({ facts, upstreamModel }) => [
      facts.callType,
      facts.deploymentId,
      facts.provider,
      upstreamModel,
      facts.model,
      facts.modelGroup,
      facts.apiBase,
    ],
    (out, { facts, upstreamModel, failure }) => {
      const { callType, stream, deploymentId, provider, modelGroup, apiBase } = facts;
      const model = upstreamModel ?? facts.model;
      const status = failure === null ? 'success' : 'failure';
      const hidden = { model_id: deploymentId, cache_key: null, api_base: apiBase, additional_headers: {} };
      const members = {
        call_type: callType,
        stream,
        status,
        status_fields: { llm_api_status: status, guardrail_status: 'not_run' },
        custom_llm_provider: provider,
        model,
        model_id: deploymentId,
        model_group: modelGroup,
        api_base: apiBase,
        model_map_information: { model_map_key: model, model_map_value: null },
        cache_hit: false,
        cache_key: null,
        saved_cache_cost: 0,
      };
      out.json(`${membersText(hidden)}}${membersText(members)}`);
    },
  );

/** One deployment has calls of all these kinds side by side. */
const ROUTES = { answered: createRoute(), failed: createRoute() };
const STREAM_ROUTES = { answered: createRoute(), failed: createRoute() };

function routeOf({ facts, failure }: CallLog): KeptPart<CallLog> {
  const routes = facts.stream ? STREAM_ROUTES : ROUTES;
  return failure === null ? routes.answered : routes.failed;
}

/** Who made it, and who stands behind them: the beginning of `metadata`. */
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
    out.json(`,"metadata":{${membersText(members).slice(1)}`);
  },
);

/** Whom it was made for, and from where: the end of `metadata`, and the same once more behind it. */
const CLIENT = new KeptPart<CallLog>(clientOf, (out, { facts: { sourceIp, endUser } }) => {
  const inside = membersText({ user_api_key_end_user_id: endUser, requester_ip_address: sourceIp });
  const behind = membersText({ end_user: endUser, requester_ip_address: sourceIp });
  out.json(`${inside}}${behind}`);
});

/** What follows the counts of tokens, of most calls: their client is all that it tells. */
const PLAIN_REST = new KeptPart<CallLog>(clientOf, (out, log) => writeRest(out, log, null, null));

function clientOf({ facts }: CallLog) {
  return [facts.sourceIp, facts.endUser];
}

/** Nothing is to be told of it behind the counts of tokens that differs from call to call. */
function isPlain(log: CallLog, content: CallContent | null): boolean {
  const { facts, failure } = log;
  return content === null && failure === null && facts.tags.length === 0 && !hasMetadata(log) && !hasOtherUsage(facts);
}

/** From the other counts of `usage_object` up to the parameters. */
function writeRest(out: JsonBytes, log: CallLog, content: CallContent | null, failure: CallFailure | null): void {
  const { facts } = log;
  writeOtherUsage(out, facts);
  writeMetadata(out, log);
  CLIENT.put(out, facts.sourceIp ?? '', log);
  out.raw(TO_TAGS);
  out.names(facts.tags);
  writeContent(out, content);
  if (failure === null) out.raw(NO_ERROR);
  else out.json(failureText(failure, facts));
  out.raw(TO_PARAMETERS);
}

function writeIds(out: JsonBytes, { facts, requestMetadata }: CallLog): void {
  out.raw(ID);
  out.text(facts.responseId ?? facts.requestId);
  out.raw(TO_LITELLM_ID);
  const callId = out.end;
  out.text(facts.requestId);
  const callIdEnd = out.end;
  out.raw(TO_TRACE);
  const traceId = requestMetadata?.trace_id;
  // What the client calls the work that the call is part of.
  if (typeof traceId === 'string' && traceId !== '') out.text(traceId);
  else out.again(callId, callIdEnd);
}

function writeTimes(out: JsonBytes, { startedAtMs, endedAtMs, firstTokenAtMs }: CallFacts): void {
  out.raw(TO_START);
  out.scaled(startedAtMs, 3);
  out.raw(TO_END);
  const ended = out.end;
  out.scaled(endedAtMs, 3);
  const endedEnd = out.end;
  out.raw(TO_COMPLETION_START);
  if (firstTokenAtMs === null) out.again(ended, endedEnd);
  else out.scaled(firstTokenAtMs, 3);
  out.raw(TO_RESPONSE_TIME);
  out.scaled(endedAtMs - startedAtMs, 3);
}

/** As they stand in the record, and in its `usage_object` again. */
function writeTokens(out: JsonBytes, { promptTokens, completionTokens, totalTokens }: CallFacts): void {
  out.raw(TO_PROMPT_TOKENS);
  out.number(promptTokens);
  out.raw(TO_COMPLETION_TOKENS);
  out.number(completionTokens);
  out.raw(TO_TOTAL_TOKENS);
  out.number(totalTokens);
}

function hasOtherUsage({ cacheReadTokens, cacheWriteTokens, reasoningTokens, usageEstimated }: CallFacts): boolean {
  return cacheReadTokens !== 0 || cacheWriteTokens !== 0 || reasoningTokens !== 0 || usageEstimated;
}

function writeOtherUsage(out: JsonBytes, facts: CallFacts): void {
  if (!hasOtherUsage(facts)) {
    out.raw(NO_OTHER_USAGE);
    return;
  }
  const { cacheReadTokens, cacheWriteTokens, reasoningTokens, usageEstimated } = facts;
  const members = {
    cache_read_input_tokens: cacheReadTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    reasoning_tokens: reasoningTokens,
    estimated: usageEstimated,
  };
  out.json(`${membersText(members)}}`);
}

function hasMetadata({ facts, requestMetadata }: CallLog): boolean {
  return requestMetadata !== null || facts.metadata.spend_logs_metadata !== undefined;
}

function writeMetadata(out: JsonBytes, log: CallLog): void {
  if (!hasMetadata(log)) {
    out.raw(NO_METADATA);
    return;
  }
  out.raw(TO_SPEND_METADATA);
  out.json(safeText(log.facts.metadata.spend_logs_metadata ?? null));
  out.raw(TO_REQUESTER_METADATA);
  out.json(safeText(log.requestMetadata));
}

function writeContent(out: JsonBytes, content: CallContent | null): void {
  if (content === null) {
    out.raw(NO_CONTENT);
    return;
  }
  out.raw(TO_MESSAGES);
  out.json(safeText(content.messages ?? null));
  out.raw(TO_RESPONSE);
  out.json(content.response === null ? 'null' : safeText(readAnswer(content.response)));
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
