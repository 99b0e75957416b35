import { toFloatText } from '../core/denial.ts';
import type { GatewayError } from '../core/gateway-error.ts';
import { OUTPUT_LIMITS } from '../core/request-defaults.ts';
import type { ModelCall } from '../providers/provider.ts';
import { admitCall } from './admit-call.ts';
import { buildAnswerHeaders } from './answer-headers.ts';
import type { CallAnswer, CallRequest, WholeAnswer } from './call-request.ts';
import { type FollowedCall, follow } from './follow-call.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { guessUsage } from './guess-usage.ts';
import { buildOpenCall, type OpenCall } from './open-call.ts';
import { type ParsedCall, parseCall } from './parse-call.ts';
import { type Candidate, prepareCall } from './prepare-call.ts';
import { type Attempt, fetchAnswer, openStream } from './reach-upstream.ts';
import { createRelay } from './relay-stream.ts';
import { costOf, type Outcome, settleCall } from './settle-call.ts';
import { toFailure } from './to-failure.ts';

/**
 * The life of one model call, top to bottom: read the body, find where it may go, plan and reserve what it may use up,
 * journal that it starts, reach an upstream, bill what came back, answer.
 *
 * Once something is held, every way out ends in exactly one settle: an answer, an upstream's refusal, a client that
 * left, a key that was revoked meanwhile.
 *
 * @throws GatewayError for every refusal and failure before the first byte of an answer
 */
export async function callModel(deps: GatewayDeps, request: CallRequest): Promise<CallAnswer> {
  const startedAtMs = deps.nowMs();
  const parsed = parseCall(request.operation, request.raw, request.pathModel);
  const prepared = prepareCall(deps, request.caller, parsed);
  const admission = await admitCall(deps, request.caller, prepared, startedAtMs);
  const call = buildOpenCall(request, parsed, prepared, admission, startedAtMs);
  const live = follow(deps, call);
  try {
    await deps.ledger.open(call.intent);
  } catch (error) {
    // Nothing was journalled and nothing has been called: as if it had never been admitted.
    deps.live.remove(live);
    await deps.counters.release(admission.hold, deps.nowMs());
    throw error;
  }
  const attempt: Attempt = {
    candidates: prepared.candidates,
    tags: call.intent.tags,
    callFor: (candidate) => toModelCall(parsed, candidate, admission.outputCut),
    stop: live.switch,
    stream: parsed.stream,
  };
  try {
    if (live.switch.reason !== null) throw live.switch.reason;
    if (!parsed.stream) return await answerWhole(deps, call, attempt, live);
    const reached = await openStream(deps, attempt);
    const headers = buildAnswerHeaders(call, reached);
    headers.push('content-type', reached.result.headers.get('content-type') ?? 'text/event-stream; charset=utf-8');
    headers.push('cache-control', 'no-cache', 'x-accel-buffering', 'no');
    return { kind: 'stream', status: 200, headers, relayTo: createRelay(deps, call, reached, live) };
  } catch (error) {
    const failure = toFailure(deps, error, request.requestId);
    if (!live.settled) {
      live.settled = true;
      deps.live.remove(live);
      await settleCall(deps, call, failedOutcome(failure, live.clientGone));
    }
    throw failure;
  }
}

async function answerWhole(
  deps: GatewayDeps,
  call: OpenCall,
  attempt: Attempt,
  live: FollowedCall,
): Promise<WholeAnswer> {
  const reached = await fetchAnswer(deps, attempt);
  const { candidate, result } = reached;
  const { answer } = result;
  const usage = answer.usage ?? guessUsage(call, answer.contentBytes, 0);
  const tookMs = deps.nowMs() - call.intent.startedAtMs;
  const headers = buildAnswerHeaders(call, reached);
  headers.push(
    'content-type',
    result.headers.get('content-type') ?? 'application/json',
    'x-litellm-response-cost',
    toFloatText(costOf(usage, candidate.price)),
    'x-litellm-response-duration-ms',
    String(tookMs),
    'x-litellm-overhead-duration-ms',
    String(Math.max(0, tookMs - reached.upstreamMs)),
  );
  live.settled = true;
  deps.live.remove(live);
  await settleCall(deps, call, {
    status: 'success',
    httpStatus: 200,
    error: null,
    usage,
    candidate,
    responseId: answer.responseId,
    firstTokenAtMs: null,
    response: deps.settings.storePrompts ? answer.body.toString('utf8') : null,
  });
  return { kind: 'whole', status: 200, headers, body: answer.body };
}

/** The client's call, its gaps filled with the deployment's defaults; what a hard budget pays for bounds either's limit. */
function toModelCall(
  parsed: ParsedCall,
  { deployment, defaults }: Candidate,
  cut: { maxTokens: number } | null,
): ModelCall {
  const overrides: Record<string, unknown> = { ...defaults };
  if (cut !== null) {
    const limitOf = (name: string): unknown => defaults[name] ?? parsed.body[name];
    const named = OUTPUT_LIMITS.filter((name) => typeof limitOf(name) === 'number');
    const unnamed =
      deployment.provider === 'openai' && parsed.operation === 'chat' ? 'max_completion_tokens' : 'max_tokens';
    for (const name of named.length > 0 ? named : [unnamed]) {
      overrides[name] = Math.min(cut.maxTokens, (defaults[name] as number | undefined) ?? cut.maxTokens);
    }
  }
  const { operation, text, raw, body, stream } = parsed;
  return { operation, text, bytes: raw, body, stream, overrides };
}

function failedOutcome(error: GatewayError, clientGone: boolean): Outcome {
  return {
    status: clientGone ? 'aborted' : 'failure',
    httpStatus: error.status,
    error,
    usage: null,
    candidate: null,
    responseId: null,
    firstTokenAtMs: null,
    response: null,
  };
}
