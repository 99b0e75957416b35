import { GatewayError } from '../core/gateway-error.ts';
import type { Deployment } from '../core/model.ts';
import type { ModelCall, ParsedAnswer, Provider, StreamMeter } from './provider.ts';
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
