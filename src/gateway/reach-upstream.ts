import { GatewayError } from '../core/gateway-error.ts';
import type { Deployment } from '../core/model.ts';
import { orderDeployments } from '../core/routing.ts';
import type { ModelCall } from '../providers/provider.ts';
import type { StreamedResult, WholeResult } from '../providers/upstream.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { Candidate } from './prepare-call.ts';
import type { StopSignal } from './stop-signal.ts';

/** An upstream that has answered (a stream: begun to), and what it took to get there. */
export interface Reached<T> {
  candidate: Candidate;
  result: T;
  retries: number;
  /** Retries that would have been made at most. */
  maxRetries: number;
  /** The longest silence of the upstream that was put up with. */
  timeoutMs: number;
  /** Spent waiting for upstreams, pauses between tries included; for a stream until its headers. */
  upstreamMs: number;
}

export interface Attempt {
  candidates: readonly Candidate[];
  tags: readonly string[];
  /** The call as this deployment is to get it: some limits are spelt differently from one to the next. */
  callFor(candidate: Candidate): ModelCall;
  stop: StopSignal;
  stream: boolean;
}

type Ask<T> = (candidate: Candidate, call: ModelCall) => Promise<T>;

const RETRY_STATUSES = new Set([408, 409, 429, 500, 502, 503, 504, 529]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Asks for a whole answer. */
export function fetchAnswer(deps: GatewayDeps, attempt: Attempt): Promise<Reached<WholeResult>> {
  return reach(deps, attempt, (candidate, call) =>
    deps.upstream.send(call, candidate, exchangeOptions(deps, candidate, attempt)),
  );
}

/** Asks for a stream; resolves at its headers. After that there is no second try. */
export function openStream(deps: GatewayDeps, attempt: Attempt): Promise<Reached<StreamedResult>> {
  return reach(deps, attempt, (candidate, call) =>
    deps.upstream.stream(call, candidate, exchangeOptions(deps, candidate, attempt)),
  );
}

/**
 * Tries the group's deployments in weighted random order, those that failed lately last, until one answers or the
 * retries are used up. What a retry cannot mend (a bad request, say) is thrown at once, as is a stop from outside.
 */
async function reach<T>(deps: GatewayDeps, attempt: Attempt, ask: Ask<T>): Promise<Reached<T>> {
  const order = orderCandidates(deps, attempt);
  const askedAtMs = deps.nowMs();
  for (let retries = 0; ; retries += 1) {
    const candidate = order[retries % order.length] as Candidate;
    const maxRetries = candidate.deployment.maxRetries ?? deps.settings.numRetries;
    try {
      const result = await ask(candidate, attempt.callFor(candidate));
      const timeoutMs = timeoutOf(deps, candidate.deployment, attempt.stream);
      return { candidate, result, retries, maxRetries, timeoutMs, upstreamMs: deps.nowMs() - askedAtMs };
    } catch (error) {
      if (attempt.stop.reason !== null) throw attempt.stop.reason;
      if (!(error instanceof GatewayError)) throw error;
      if (isDeploymentsFault(error.status)) deps.cooldowns.noteFailure(candidate.deployment.id, error.status);
      if (retries >= maxRetries || !RETRY_STATUSES.has(error.status)) throw error;
      // Another deployment is asked at once; the same one again after a pause.
      if ((retries + 1) % order.length === 0) await pause(pauseMs(retries, error.retryAfterMs), attempt.stop);
      if (attempt.stop.reason !== null) throw attempt.stop.reason;
    }
  }
}

/** A refused credential is the operator's to mend, but other deployments may have a better one; a 400 is the caller's. */
function isDeploymentsFault(status: number): boolean {
  return RETRY_STATUSES.has(status) || status === 401 || status === 403;
}

function orderCandidates(deps: GatewayDeps, { candidates, tags }: Attempt): Candidate[] {
  const order = orderDeployments(
    candidates.map((candidate) => candidate.deployment),
    {
      random: deps.random(),
      excluded: NONE,
      cooldown: deps.cooldowns.isCooling,
      tags,
      tagFiltering: deps.settings.tagFiltering,
    },
  );
  if (order.length === 0) {
    throw new GatewayError('authentication', `No deployments available with tag: ${tags.join(', ')}.`, {
      param: 'tags',
    });
  }
  return order.map((deployment) => candidates.find((candidate) => candidate.deployment === deployment) as Candidate);
}

const NONE: ReadonlySet<string> = new Set();

function pauseMs(retries: number, retryAfterMs: number | undefined): number {
  return Math.min(LONGEST_PAUSE_MS, retryAfterMs ?? FIRST_PAUSE_MS * 2 ** retries);
}

function pause(ms: number, stop: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.onStop(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function timeoutOf(deps: Pick<GatewayDeps, 'settings'>, deployment: Deployment, stream: boolean): number {
  return (stream ? deployment.streamTimeoutMs : null) ?? deployment.timeoutMs ?? deps.settings.requestTimeoutMs;
}

function exchangeOptions(deps: GatewayDeps, { deployment }: Candidate, { stop, stream }: Attempt) {
  const timeoutMs = timeoutOf(deps, deployment, stream);
  return {
    headersTimeoutMs: timeoutMs,
    bodyTimeoutMs: timeoutMs,
    onStart: (abort: (reason: Error) => void) => {
      stop.onStop(abort);
    },
  };
}
