import type { CallFailure, CallLog } from '../core/call-log.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import type { OpenCall } from './open-call.ts';
import type { Outcome } from './outcome.ts';

/** Settings of a request that say how it is to be answered, and nothing of what it is about. */
const MODEL_PARAMETERS: ReadonlySet<string> = new Set([
  'temperature',
  'top_p',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'logprobs',
  'top_logprobs',
  'reasoning_effort',
  'verbosity',
  'service_tier',
  'parallel_tool_calls',
  'tool_choice',
  'encoding_format',
  'dimensions',
  'stream',
]);

/** What log destinations are told of a call: its bill, the names of those behind it, and content where it is wanted. */
export function toCallLog(call: OpenCall, outcome: Outcome, record: SpendRecord): CallLog {
  const { request, parsed, logRoute } = call;
  const { key, path } = request.caller;
  const { body } = parsed;
  return {
    facts: record,
    names: {
      teamAlias: path.team?.alias ?? null,
      organizationAlias: path.organization?.alias ?? null,
      userEmail: path.user?.email ?? null,
      keyMaxBudgetNanoUsd: key?.maxBudgetNanoUsd ?? null,
      teamMaxBudgetNanoUsd: path.team?.maxBudgetNanoUsd ?? null,
    },
    upstreamModel: outcome.candidate?.upstreamModel ?? null,
    failure: failureOf(outcome),
    modelParameters: parametersOf(body),
    requestMetadata: isJsonObject(body.metadata) ? body.metadata : null,
    content:
      logRoute?.wantsContent === true
        ? { messages: body.messages ?? body.prompt ?? body.input ?? null, response: outcome.response }
        : null,
  };
}

function failureOf({ status, httpStatus, error }: Outcome): CallFailure | null {
  if (status === 'success') return null;
  if (status === 'aborted') {
    const message = 'The client left before the answer was complete.';
    return { message, type: 'client_closed_request', httpStatus: 499 };
  }
  if (error === null) {
    return { message: 'The upstream ended its stream with an error.', type: 'upstream_error', httpStatus };
  }
  return { message: error.message, type: error.type, httpStatus: error.status, quoted: error.upstreamWords };
}

function parametersOf(body: Readonly<Record<string, unknown>>): JsonObject {
  const parameters: JsonObject = {};
  for (const name in body) {
    const value = body[name];
    if (isSetting(value) && MODEL_PARAMETERS.has(name)) parameters[name] = value;
  }
  return parameters;
}

/** Objects, and longer texts, are no mere settings whatever their names. */
function isSetting(value: unknown): value is number | boolean | string {
  return typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && value.length <= 64);
}
