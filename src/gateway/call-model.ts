import type { Caller } from '../core/caller.ts';
import { resolveAliases } from '../core/caller-models.ts';
import { toFloatText } from '../core/denial.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { refuseEndUser } from '../core/owner-standing.ts';
import type { StreamedResult, WholeResult } from '../providers/upstream.ts';
import { admitCall } from './admit-call.ts';
import { buildAnswerHeaders } from './answer-headers.ts';
import { nameCall } from './call-names.ts';
import type { CallAnswer, CallRequest, HeaderList } from './call-request.ts';
import { findParties } from './find-parties.ts';
import { follow } from './follow-call.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import { guessUsage } from './guess-usage.ts';
import { buildOpenCall, keepsAnswer, type OpenCall } from './open-call.ts';
import type { Outcome } from './outcome.ts';
import { parseCall } from './parse-call.ts';
import { prepareCall } from './prepare-call.ts';
import { fetchAnswer, openStream, type Reached } from './reach-upstream.ts';
import { createRelay } from './relay-stream.ts';
import { costOf, settleCall } from './settle-call.ts';
import { toFailure } from './to-failure.ts';

/**
 * The life of one model call, top to bottom: read the body, find whom it concerns and where it may go, plan and reserve
 * what it may use up, journal that it starts, reach an upstream, bill what came back, answer.
 *
 * Once something is held, every way out ends in exactly one settle: an answer, an upstream's refusal, a client that
 * left, a key that was revoked meanwhile.
 *
 * @throws GatewayError for every refusal and failure before the first byte of an answer
 */
export async function callModel(deps: GatewayDeps, request: CallRequest): Promise<CallAnswer> {
  const startedAtMs = deps.nowMs();
  const parsed = parseCall(request.operation, request.raw, request.pathModel);
  let call: OpenCall;
  try {
    const found = findParties(deps, request.caller, nameCall(request.caller, request, parsed.body));
    // Waited for only where there is something to wait for, as each wait costs a call.
    const parties = found instanceof Promise ? await found : found;
    const refusal = refuseEndUser(parties.customer);
    if (refusal !== undefined) throw refusal;
    const prepared = prepareCall(deps, request.caller, parsed, parties);
    const admitted = admitCall(deps, { caller: request.caller, parsed, parties }, prepared, startedAtMs);
    const admission = admitted instanceof Promise ? await admitted : admitted;
    if (parties.endUser !== null && parties.customer === null) deps.onNewEndUser(parties.endUser);
    const logRoute = deps.logs === null ? null : deps.logs.routeOf(request.caller);
    call = buildOpenCall(request, parsed, parties, admission, logRoute, startedAtMs);
  } catch (error) {
    noteRefusal(deps, request.caller, parsed.model, error);
    throw error;
  }
  const live = follow(deps, call);
  try {
    // What changed before the call could be followed has not reached it.
    if (request.caller.asOf !== deps.live.changesHeard()) await confirmStanding(deps, call);
    await deps.ledger.open(call.intent);
  } catch (error) {
    // Nothing was journalled and nothing has been called: as if it had never been admitted.
    deps.live.remove(live);
    await deps.counters.release(call.admission.hold, deps.nowMs());
    throw error;
  }
  try {
    if (live.switch.reason !== null) throw live.switch.reason;
    if (parsed.stream) {
      const reached = await openStream(deps, call, live.switch);
      const headers = streamHeaders(call, reached);
      return { kind: 'stream', status: 200, headers, relayTo: createRelay(deps, call, reached, live) };
    }
    const reached = await fetchAnswer(deps, call, live.switch);
    const outcome = successOf(deps, call, reached);
    const headers = wholeHeaders(deps, call, reached, outcome);
    live.settled = true;
    deps.live.remove(live);
    await settleCall(deps, call, outcome);
    return { kind: 'whole', status: 200, headers, body: reached.result.answer.body };
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

/** By the name of the group that was asked for: what clients write is nowhere counted. */
function noteRefusal(deps: GatewayDeps, caller: Caller, model: string | null, error: unknown): void {
  if (!(error instanceof GatewayError)) return;
  const group = model === null ? undefined : deps.models.resolve(resolveAliases(caller, model))?.group;
  deps.observer.refused(caller, group ?? null, error);
}

/** Does the caller, or the end user, still stand as when the call began? It may have waited for its body, or a balance. */
async function confirmStanding(deps: GatewayDeps, { request, parties }: OpenCall): Promise<void> {
  await deps.reassureCaller(request.caller);
  if (parties.endUser === null) return;
  const refusal = refuseEndUser(await deps.owners.endUser(parties.endUser));
  if (refusal !== undefined) throw refusal;
}

function streamHeaders(call: OpenCall, reached: Reached<StreamedResult>): HeaderList {
  const headers = buildAnswerHeaders(call, reached);
  headers.push('content-type', reached.result.headers.get('content-type') ?? 'text/event-stream; charset=utf-8');
  headers.push('cache-control', 'no-cache', 'x-accel-buffering', 'no');
  return headers;
}

function wholeHeaders(
  deps: GatewayDeps,
  call: OpenCall,
  reached: Reached<WholeResult>,
  { usage }: Outcome,
): HeaderList {
  const tookMs = deps.nowMs() - call.intent.startedAtMs;
  const headers = buildAnswerHeaders(call, reached);
  headers.push(
    'content-type',
    reached.result.headers.get('content-type') ?? 'application/json',
    'x-litellm-response-cost',
    toFloatText(costOf(usage, reached.candidate.price)),
    'x-litellm-response-duration-ms',
    String(tookMs),
    'x-litellm-overhead-duration-ms',
    String(Math.max(0, tookMs - reached.upstreamMs)),
  );
  return headers;
}

function successOf(
  deps: GatewayDeps,
  call: OpenCall,
  { candidate, result, upstreamMs }: Reached<WholeResult>,
): Outcome {
  const { answer } = result;
  return {
    status: 'success',
    httpStatus: 200,
    error: null,
    usage: answer.usage ?? guessUsage(call, answer.contentBytes, 0),
    candidate,
    responseId: answer.responseId,
    firstTokenAtMs: null,
    upstreamMs,
    response: keepsAnswer(deps.settings, call) ? answer.body.toString('utf8') : null,
  };
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
    upstreamMs: null,
    response: null,
  };
}
