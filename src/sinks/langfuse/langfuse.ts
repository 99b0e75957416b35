import type { LogPayload } from '../../core/log-payload.ts';
import { contentOf, toSpan } from '../otlp/call-span.ts';
import { type OtlpTarget, sendSpans } from '../otlp/send-otlp.ts';
import { SinkSetupError } from '../sink.ts';
import type { SinkKind } from '../sink-kind.ts';
import { type SinkVars, secondsOf, wholeNumberOf } from '../sink-vars.ts';

/**
 * `langfuse`: every call as a generation, over Langfuse's own OTLP address (Langfuse Cloud, or a server of version 3.22
 * or later). Ids are made from the call's, so a repeat updates what is there.
 */
export const langfuse: SinkKind = {
  type: 'langfuse',
  varNames: [
    'langfuse_public_key',
    'langfuse_secret_key',
    'langfuse_secret',
    'langfuse_host',
    'langfuse_prompt_version',
    'turn_off_message_logging',
  ],
  addressNames: ['langfuse_host'],
  globalOnly: false,
  flushRule: (vars) => ({
    maxRecords: wholeNumberOf('LANGFUSE_BATCH_SIZE', vars.environment('LANGFUSE_BATCH_SIZE'), 256),
    maxBytes: 2 * 1024 * 1024,
    intervalMs: secondsOf('LANGFUSE_FLUSH_INTERVAL', vars.environment('LANGFUSE_FLUSH_INTERVAL'), 2_000),
  }),
  create(vars, { send }) {
    const target = targetOf(vars);
    return {
      type: langfuse.type,
      async deliver(batch) {
        const spans = batch.records().map((record) => toSpan(record, attributesOf(record)));
        await sendSpans(send, target, spans);
      },
      close: async () => {},
    };
  },
};

const DEFAULT_HOST = 'https://cloud.langfuse.com';

/** Keys and host belong together: a host of the destination's own never sees the environment's keys. */
function targetOf(vars: SinkVars): OtlpTarget {
  const ownHost = vars.own('langfuse_host');
  const ownPublic = vars.own('langfuse_public_key');
  const ownSecret = vars.own('langfuse_secret_key') ?? vars.own('langfuse_secret');
  const isOwn = [ownHost, ownPublic, ownSecret].some((value) => value !== undefined);
  const publicKey = ownPublic ?? (isOwn ? undefined : vars.environment('LANGFUSE_PUBLIC_KEY'));
  const secretKey = ownSecret ?? (isOwn ? undefined : vars.environment('LANGFUSE_SECRET_KEY'));
  if (publicKey === undefined) throw missing(isOwn, 'langfuse_public_key');
  if (secretKey === undefined) throw missing(isOwn, 'langfuse_secret_key');
  const host = ownHost ?? vars.environment('LANGFUSE_HOST') ?? vars.environment('LANGFUSE_OTEL_HOST') ?? DEFAULT_HOST;
  const address = /^https?:\/\//.test(host) ? host : `https://${host}`;
  if (!URL.canParse(address)) throw new SinkSetupError('langfuse_host has to be an http:// or https:// address');
  const credentials = Buffer.from(`${publicKey}:${secretKey}`).toString('base64');
  return {
    url: `${address.replace(/\/+$/, '').replace(/\/api\/public\/otel$/, '')}/api/public/otel/v1/traces`,
    headers: { authorization: `Basic ${credentials}`, 'x-langfuse-ingestion-version': '4' },
    serviceName: 'latchkey',
  };
}

function missing(isOwn: boolean, name: string): SinkSetupError {
  return new SinkSetupError(isOwn ? `${name} is missing` : `${name.toUpperCase()} is not set in the environment`);
}

function attributesOf(record: LogPayload): Record<string, unknown> {
  const { metadata } = record;
  const requested = metadata.requester_metadata ?? {};
  const { usage_object: usage } = metadata;
  return {
    'langfuse.trace.name': textOf(requested.trace_name) ?? record.call_type,
    'user.id': textOf(requested.trace_user_id) ?? record.end_user ?? metadata.user_api_key_user_id,
    'session.id': textOf(requested.session_id),
    'langfuse.trace.tags': record.request_tags,
    'langfuse.observation.type': record.call_type.endsWith('embedding') ? 'embedding' : 'generation',
    'langfuse.observation.model.name': record.model,
    'langfuse.observation.model.parameters': JSON.stringify(record.model_parameters),
    'langfuse.observation.usage_details': JSON.stringify({
      input: record.prompt_tokens - usage.cache_read_input_tokens - usage.cache_creation_input_tokens,
      output: record.completion_tokens,
      total: record.total_tokens,
      cache_read_input_tokens: usage.cache_read_input_tokens,
      cache_creation_input_tokens: usage.cache_creation_input_tokens,
    }),
    'langfuse.observation.cost_details': JSON.stringify({ total: record.response_cost }),
    // Earlier servers take the one above from Langfuse's own SDK alone.
    'gen_ai.usage.cost': record.response_cost,
    // JSON, quotes included, as Langfuse's SDK has it.
    'langfuse.observation.completion_start_time': JSON.stringify(new Date(record.completionStartTime * 1_000)),
    'langfuse.observation.input': jsonOf(contentOf(record.messages)),
    'langfuse.observation.output': jsonOf(contentOf(record.response)),
    'langfuse.observation.level': record.status === 'success' ? 'DEFAULT' : 'ERROR',
    'langfuse.observation.status_message': record.error_str,
    'langfuse.observation.metadata.key_alias': metadata.user_api_key_alias,
    'langfuse.observation.metadata.team_alias': metadata.user_api_key_team_alias,
    'langfuse.observation.metadata.spend_logs': metadata.spend_logs_metadata,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function jsonOf(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}
