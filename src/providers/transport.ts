import { Agent, buildConnector } from 'undici';
import { Exchange, type ExchangeOptions, type UpstreamAnswer, type UpstreamStream } from './exchange.ts';
import { guardPausedSocket } from './guard-paused-socket.ts';
import type { UpstreamRequest } from './provider.ts';

export type { AbortExchange, ExchangeOptions, StreamSink, UpstreamAnswer, UpstreamStream } from './exchange.ts';

/**
 * The way out: the only code that opens sockets to upstreams. Chunks are handed on as they come, without web streams,
 * and every exchange ends exactly once: answered, failed (a GatewayError whose cause is an UpstreamFault), or aborted
 * (rejected with the caller's own reason). However it ends, its socket is free or destroyed afterwards.
 *
 * Sockets are not capped unless asked for: with a cap, a call would wait for somebody else's whole stream to end.
 * Redirects are never followed: a 3xx is a failure.
 */
export interface Transport {
  /** Sends and collects the whole answer, whatever its status. */
  send(request: UpstreamRequest, options: ExchangeOptions): Promise<UpstreamAnswer>;
  /** Sends and resolves at the response headers: a 2xx is a stream to be piped, anything else a collected answer. */
  stream(request: UpstreamRequest, options: ExchangeOptions): Promise<UpstreamStream | UpstreamAnswer>;
  /** No new exchanges; resolves when those in flight have ended. */
  close(): Promise<void>;
  /** Ends everything now: what is in flight fails. */
  destroy(): Promise<void>;
}

export interface TransportOptions {
  /** For DNS, TCP and TLS together. */
  connectTimeoutMs: number;
  /** Null or absent: as many sockets as there are exchanges. */
  maxSocketsPerOrigin?: number | null;
  /** How long an idle socket is kept where the upstream does not say. Short: many servers close after five seconds. */
  keepAliveMs?: number;
}

export function createTransport(options: TransportOptions): Transport {
  const openSocket = buildConnector({ timeout: options.connectTimeoutMs });
  const agent = new Agent({
    connections: options.maxSocketsPerOrigin ?? null,
    pipelining: 1,
    keepAliveTimeout: options.keepAliveMs ?? 4_000,
    connect: (target, callback) => {
      openSocket(target, (...outcome) => {
        if (outcome[1]) guardPausedSocket(outcome[1]);
        callback(...outcome);
      });
    },
  });

  const start = (
    request: UpstreamRequest,
    exchangeOptions: ExchangeOptions,
    wantsStream: boolean,
    resolve: (outcome: UpstreamStream | UpstreamAnswer) => void,
    reject: (error: Error) => void,
  ): void => {
    const exchange = new Exchange(exchangeOptions, wantsStream, resolve, reject);
    exchangeOptions.onStart?.(exchange.abort);
    if (exchange.ended) return;
    const { origin, path, method, headers, body } = request;
    const { headersTimeoutMs: headersTimeout, bodyTimeoutMs: bodyTimeout } = exchangeOptions;
    agent.dispatch({ origin, path, method, headers, body, headersTimeout, bodyTimeout }, exchange);
  };

  return {
    send: (request, exchangeOptions) =>
      new Promise((resolve, reject) => {
        // Without `wantsStream` an exchange never resolves to a stream.
        start(request, exchangeOptions, false, (outcome) => resolve(outcome as UpstreamAnswer), reject);
      }),
    stream: (request, exchangeOptions) =>
      new Promise((resolve, reject) => start(request, exchangeOptions, true, resolve, reject)),
    close: () => agent.close(),
    destroy: () => agent.destroy(),
  };
}
