/** A call as a span, by OpenTelemetry's conventions for generative AI. */
import type { Json } from '../../core/json.ts';
import { type LogPayload, REDACTED } from '../../core/log-payload.ts';
import { toInputMessages, toOutputMessages } from './genai-messages.ts';
import { type Attribute, toAttributes, toSpanId, toTraceId, toUnixNano } from './otlp-json.ts';

export interface Span {
  traceId: string;
  spanId: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status: { code: number; message?: string };
}

const KIND_CLIENT = 3;
const STATUS_UNSET = 0;
const STATUS_ERROR = 2;

/** `extra`: attributes that one backend wants beside the conventions'. */
export function toSpan(record: LogPayload, extra: Readonly<Record<string, unknown>> = {}): Span {
  const operation = operationOf(record);
  return {
    traceId: toTraceId(record.trace_id),
    spanId: toSpanId(record.litellm_call_id),
    name: `${operation} ${record.model}`,
    kind: KIND_CLIENT,
    startTimeUnixNano: toUnixNano(record.startTime),
    endTimeUnixNano: toUnixNano(record.endTime),
    attributes: toAttributes({ ...conventional(record, operation), ...ours(record), ...extra }),
    status:
      record.status === 'success' ? { code: STATUS_UNSET } : { code: STATUS_ERROR, message: record.error_str ?? '' },
  };
}

/** Of both: the names of the conventions that metrics share with spans. */
export function sharedAttributes(record: LogPayload): Record<string, unknown> {
  return {
    'gen_ai.operation.name': operationOf(record),
    'gen_ai.provider.name': record.custom_llm_provider ?? 'unknown',
    'gen_ai.request.model': record.model_group ?? record.model,
    'error.type': record.error_information?.error_class,
  };
}

/** Content that the destination may see; null: it may not, or there is none. */
export function contentOf(value: Json): Json {
  return value === REDACTED ? null : value;
}

function operationOf({ call_type: type }: LogPayload): string {
  if (type.endsWith('embedding')) return 'embeddings';
  return type.endsWith('text_completion') ? 'text_completion' : 'chat';
}

function conventional(record: LogPayload, operation: string): Record<string, unknown> {
  const { model_parameters: parameters, metadata } = record;
  const answers = toOutputMessages(contentOf(record.response));
  return {
    ...sharedAttributes(record),
    'gen_ai.operation.name': operation,
    'gen_ai.response.model': record.model,
    'gen_ai.response.id': record.id,
    'gen_ai.usage.input_tokens': record.prompt_tokens,
    'gen_ai.usage.output_tokens': record.completion_tokens,
    'gen_ai.usage.cache_read.input_tokens': metadata.usage_object.cache_read_input_tokens,
    'gen_ai.usage.cache_creation.input_tokens': metadata.usage_object.cache_creation_input_tokens,
    'gen_ai.request.temperature': parameters.temperature,
    'gen_ai.request.top_p': parameters.top_p,
    'gen_ai.request.max_tokens': parameters.max_completion_tokens ?? parameters.max_tokens,
    'gen_ai.request.frequency_penalty': parameters.frequency_penalty,
    'gen_ai.request.presence_penalty': parameters.presence_penalty,
    'gen_ai.request.seed': parameters.seed,
    'gen_ai.request.choice.count': parameters.n,
    'gen_ai.input.messages': asText(toInputMessages(contentOf(record.messages))),
    'gen_ai.output.messages': asText(answers),
    'gen_ai.response.finish_reasons': answers?.map(({ finish_reason: reason }) => reason),
    ...addressOf(record.api_base),
  };
}

function ours({ metadata, ...record }: LogPayload): Record<string, unknown> {
  return {
    'latchkey.call_id': record.litellm_call_id,
    'latchkey.key_id': metadata.key_id,
    'latchkey.key_alias': metadata.user_api_key_alias,
    'latchkey.team_id': metadata.user_api_key_team_id,
    'latchkey.team_alias': metadata.user_api_key_team_alias,
    'latchkey.organization_id': metadata.user_api_key_org_id,
    'latchkey.user_id': metadata.user_api_key_user_id,
    'latchkey.end_user': record.end_user,
    'latchkey.tags': record.request_tags,
    'latchkey.cost_usd': record.response_cost,
    'latchkey.deployment_id': record.model_id,
    'latchkey.stream': record.stream,
  };
}

function asText(messages: readonly object[] | null): string | null {
  return messages === null ? null : JSON.stringify(messages);
}

function addressOf(address: string | null): Record<string, unknown> {
  if (address === null || !URL.canParse(address)) return {};
  const { hostname, port, protocol } = new URL(address);
  return { 'server.address': hostname, 'server.port': port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port) };
}
