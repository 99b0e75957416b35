import { GatewayError } from '../core/gateway-error.ts';
import type { Deployment } from '../core/model.ts';
import { orderDeployments } from '../core/routing.ts';
import type { ModelCall } from '../providers/provider.ts';
import type { ExchangeOptions, StreamedResult, Upstream, WholeResult } from '../providers/upstream.ts';
import type { GatewayDeps } from './gateway-deps.ts';
import type { OpenCall } from './open-call.ts';
import type { Candidate } from './prepare-call.ts';
import type { StopSignal } from './stop-signal.ts';
import { toModelCall } from './to-model-call.ts';

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

type Ask<T> = (upstream: Upstream, call: ModelCall, candidate: Candidate, options: ExchangeOptions) => Promise<T>;

const askWhole: Ask<WholeResult> = (upstream, call, candidate, options) => upstream.send(call, candidate, options);
const askStream: Ask<StreamedResult> = (upstream, call, candidate, options) =>
  upstream.stream(call, candidate, options);

const RETRY_STATUSES = new Set([408, 409, 429, 500, 502, 503, 504, 529]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** Asks for a whole answer. */
export function fetchAnswer(deps: GatewayDeps, call: OpenCall, stop: StopSignal): Promise<Reached<WholeResult>> {
  return reach(deps, call, stop, askWhole);
}

/** Asks for a stream; resolves at its headers. After that there is no second try. */
export function openStream(deps: GatewayDeps, call: OpenCall, stop: StopSignal): Promise<Reached<StreamedResult>> {
  return reach(deps, call, stop, askStream);
}

/**
 * Tries the group's deployments in weighted random order, those that failed lately last, until one answers or the
 * retries are used up. What a retry cannot mend (a bad request, say) is thrown at once, as is a stop from outside.
 */
async function reach<T>(deps: GatewayDeps, call: OpenCall, stop: StopSignal, ask: Ask<T>): Promise<Reached<T>> {
  const order = orderCandidates(deps, call);
  const askedAtMs = deps.nowMs();
  for (let retries = 0; ; retries += 1) {
    const candidate = order[retries % order.length] as Candidate;
    const maxRetries = candidate.deployment.maxRetries ?? deps.settings.numRetries;
    try {
      const timeoutMs = timeoutOf(deps, candidate.deployment, call.parsed.stream);
      const options = toExchangeOptions(timeoutMs, stop);
      const result = await ask(deps.upstream, toModelCall(call, candidate), candidate, options);
      return { candidate, result, retries, maxRetries, timeoutMs, upstreamMs: deps.nowMs() - askedAtMs };
    } catch (error) {
      if (stop.reason !== null) throw stop.reason;
      if (!(error instanceof GatewayError)) throw error;
      deps.observer.deploymentFailed(candidate.deployment.id, error.status);
      if (isDeploymentsFault(error.status)) deps.cooldowns.noteFailure(candidate.deployment.id, error.status);
      if (retries >= maxRetries || !RETRY_STATUSES.has(error.status)) throw error;
      // Another deployment is asked at once; the same one again after a pause.
      if ((retries + 1) % order.length === 0) await pause(pauseMs(retries, error.retryAfterMs), stop);
      if (stop.reason !== null) throw stop.reason;
    }
  }
}

/** A refused credential is the operator's to mend, but other deployments may have a better one; a 400 is the caller's. */
function isDeploymentsFault(status: number): boolean {
  return RETRY_STATUSES.has(status) || status === 401 || status === 403;
}

function orderCandidates(deps: GatewayDeps, { prepared, intent }: OpenCall): readonly Candidate[] {
  const { candidates } = prepared;
  const { tags } = intent;
  // There is nothing to choose between, which is how most groups are.
  if (candidates.length === 1 && !deps.settings.tagFiltering) return candidates;
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

function toExchangeOptions(timeoutMs: number, stop: StopSignal): ExchangeOptions {
  return {
    headersTimeoutMs: timeoutMs,
    bodyTimeoutMs: timeoutMs,
    onStart: (abort) => {
      stop.onStop(abort);
    },
  };
}
