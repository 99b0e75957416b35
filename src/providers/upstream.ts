import { GatewayError } from '../core/gateway-error.ts';
import type { Deployment } from '../core/model.ts';
import type { ModelCall, ParsedAnswer, Provider, StreamMeter, StreamRefusal } from './provider.ts';
import type { AbortExchange, Transport, UpstreamAnswer, UpstreamStream } from './transport.ts';
import type { UpstreamHeaders } from './upstream-headers.ts';

/** Which deployment is asked, and by what name it knows the model. */
export interface UpstreamTarget {
  deployment: Deployment;
  upstreamModel: string;
}

export interface ExchangeOptions {
  headersTimeoutMs: number;
  bodyTimeoutMs: number;
  onStart: (abort: AbortExchange) => void;
}

export interface WholeResult {
  headers: UpstreamHeaders;
  answer: ParsedAnswer;
}

export interface StreamedResult {
  headers: UpstreamHeaders;
  stream: Pick<UpstreamStream, 'pipe' | 'resume' | 'abort'>;
  meter: StreamMeter;
}

/**
 * Model calls to deployments, whatever their dialect. Resolves only with a success; an upstream's refusal is a
 * GatewayError `upstream_error` with the upstream's own status, cleaned of anything that looks like a credential.
 */
export interface Upstream {
  send(call: ModelCall, target: UpstreamTarget, options: ExchangeOptions): Promise<WholeResult>;
  stream(call: ModelCall, target: UpstreamTarget, options: ExchangeOptions): Promise<StreamedResult>;
}

/** Long enough for any answer that is not a stream; more would only fill memory. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * So long the headers of a stream wait for its first bytes. A model that thinks for longer has its headers passed on, as
 * proxies on the way give up on answers that do not begin.
 */
const FIRST_EVENT_MS = 1_000;

export interface UpstreamDeps {
  transport: Pick<Transport, 'send' | 'stream'>;
  /** The dialect that a deployment speaks. */
  dialectOf(deployment: Deployment): Provider;
}

/** Upstreams that are reached over the network. */
export function createUpstream({ transport, dialectOf }: UpstreamDeps): Upstream {
  return {
    async send(call, { deployment, upstreamModel }, options) {
      const dialect = dialectOf(deployment);
      const request = dialect.buildRequest(call, deployment, upstreamModel);
      const answer = await transport.send(request, toSendOptions(deployment, options));
      if (answer.status >= 400) throw toRefusal(dialect, deployment, answer);
      const parsed = dialect.parseAnswer(call, answer.status, answer.body);
      if (parsed.malformed) throw toMalformed(deployment, answer.headers);
      return { headers: answer.headers, answer: parsed };
    },

    async stream(call, { deployment, upstreamModel }, options) {
      const dialect = dialectOf(deployment);
      const request = dialect.buildRequest(call, deployment, upstreamModel);
      const begun = await transport.stream(request, toSendOptions(deployment, options));
      if (begun.kind === 'answer') throw toRefusal(dialect, deployment, begun);
      if (isNoStream(begun.headers)) {
        const malformed = toMalformed(deployment, begun.headers);
        begun.abort(malformed);
        throw malformed;
      }
      // A refusal that comes as the first event is one, while another deployment can still be asked.
      const first = await begun.peek(FIRST_EVENT_MS);
      const refusal = first === null ? null : dialect.readStreamRefusal(first, deployment);
      if (refusal !== null) {
        const error = toStreamRefusal(deployment, refusal);
        begun.abort(error);
        throw error;
      }
      return { headers: begun.headers, stream: begun, meter: dialect.createStreamMeter(call, deployment) };
    },
  };
}

function toSendOptions(deployment: Deployment, options: ExchangeOptions) {
  // Spelled out: copying by spread takes two kilobytes for each call.
  const { headersTimeoutMs, bodyTimeoutMs, onStart } = options;
  return { deploymentId: deployment.id, headersTimeoutMs, bodyTimeoutMs, maxResponseBytes: MAX_ANSWER_BYTES, onStart };
}

function toRefusal(dialect: Provider, deployment: Deployment, { status, headers, body }: UpstreamAnswer): GatewayError {
  const { message, type, param } = dialect.parseError(status, body, deployment);
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'));
  return new GatewayError(
    'upstream_error',
    `Upstream ${deployment.provider} (deployment ${deployment.id}) answered ${status}: ${message}`,
    {
      param,
      upstream: { status, type, words: message },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

function toStreamRefusal(
  { provider, id }: Deployment,
  { status: named, message, type, param }: StreamRefusal,
): GatewayError {
  const status = named ?? 502;
  return new GatewayError(
    'upstream_error',
    `Upstream ${provider} (deployment ${id}) began its stream with an error: ${message}`,
    { param, upstream: { status, type, words: message } },
  );
}

/**
 * A page, or bytes that nobody could look into, is no stream to pass on, while another deployment can still be asked. Any
 * other type is, `application/json` too: an upstream that cannot stream answers as a whole.
 */
function isNoStream(headers: UpstreamHeaders): boolean {
  return isEncoded(headers) || /^\s*text\/html\b/i.test(headers.get('content-type') ?? '');
}

function isEncoded(headers: UpstreamHeaders): boolean {
  return !/^(?:identity)?$/i.test(headers.get('content-encoding') ?? '');
}

function toMalformed({ provider, id }: Deployment, headers: UpstreamHeaders): GatewayError {
  const why = isEncoded(headers) ? ': it is compressed, which was not asked for' : '';
  return new GatewayError(
    'upstream_error',
    `Upstream ${provider} (deployment ${id}) sent an answer that cannot be read${why}.`,
  );
}

/** Seconds, or nothing: the date form of the header is of no use to a client whose clock we do not know. */
function parseRetryAfter(value: string | undefined): number | undefined {
  const seconds = Number(value);
  return value !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
