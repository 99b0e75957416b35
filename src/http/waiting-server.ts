import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError, toEnvelope } from '../core/gateway-error.ts';
import { toRetryAfterSeconds } from './error-response.ts';

/** Answers in the place of the gateway while that cannot be built. */
export interface WaitingServer {
  port: number;
  close(): Promise<void>;
}

const LIVENESS = /\/health\/live(li)?ness(\?|$)/;

/** The process lives, and everything else is refused with 503 and `retry-after`. Rejects where it cannot listen. */
export async function startWaitingServer(address: { host: string; port: number }): Promise<WaitingServer> {
  const refusal = new GatewayError('database_unavailable', 'The database cannot be reached at the moment.', {
    retryAfterMs: 1_000,
  });
  const headers = { 'content-type': 'application/json; charset=utf-8', connection: 'close' };
  const server = createServer((request, answer) => {
    if (LIVENESS.test(request.url ?? '')) {
      answer.writeHead(200, headers).end(JSON.stringify("I'm alive!"));
      return;
    }
    const retryAfter = toRetryAfterSeconds(refusal.retryAfterMs ?? 0);
    answer
      .writeHead(refusal.status, { ...headers, 'retry-after': String(retryAfter) })
      .end(JSON.stringify(toEnvelope(refusal)));
  });
  server.listen(address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
