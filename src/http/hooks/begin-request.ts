/** First thing of every request: its ids, on the request and on the response, whatever becomes of it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/gateway-error.ts';
import type { App } from '../app-instance.ts';
import type { Front } from '../front.ts';

/** A client may name its call; anything longer or stranger could be an attack on whoever reads the log. */
const CALL_ID_SHAPE = /^[A-Za-z0-9._:-]{1,128}$/;

/** The headers that every answer carries, whatever became of the request: names and values in turn. */
export function idHeaders(requestId: string, callId: string, version: string): string[] {
  return ['x-request-id', requestId, 'x-litellm-call-id', callId, 'x-litellm-version', version];
}

/** The client's name for its call where it gave a usable one, else the request's id. */
export function callIdOf(headers: IncomingHttpHeaders, requestId: string): string {
  const named = headers['x-litellm-call-id'];
  return typeof named === 'string' && CALL_ID_SHAPE.test(named) ? named : requestId;
}

function setIds({ id, callId }: FastifyRequest, reply: FastifyReply, version: string): void {
  const pairs = idHeaders(id, callId, version);
  for (let index = 0; index < pairs.length; index += 2) reply.header(pairs[index] as string, pairs[index + 1]);
}

/** For answers that are made outside the request's life cycle. */
export function stampIds(request: FastifyRequest, reply: FastifyReply, version: string): void {
  request.callId = callIdOf(request.headers, request.id);
  setIds(request, reply, version);
}

/** Also ends the taking of new work: once the server is closing, requests on open connections get 503. */
export function beginRequests(app: App, version: string, front: Front): void {
  app.decorateRequest('callId', '');
  if (front.isOwnedBy(app)) {
    app.addHook('preClose', (done) => {
      front.beginClosing();
      done();
    });
  }
  app.addHook('onRequest', (request, _reply, done) => {
    request.callId = callIdOf(request.headers, request.id);
    if (front.isClosing()) {
      done(new GatewayError('shutting_down', 'The gateway is shutting down.', { retryAfterMs: 1_000 }));
    } else {
      done();
    }
  });
  // At the end, so that whoever answers past the framework sets them with its other headers, in one go.
  app.addHook('onSend', (request, reply, payload, done) => {
    setIds(request, reply, version);
    done(null, payload);
  });
}
