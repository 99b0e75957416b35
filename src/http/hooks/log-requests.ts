/**
 * One line per request, when its response has ended. The route's pattern is logged and never the URL, which may hold a
 * secret (`?key=`); no headers, no bodies.
 */
import type { FastifyBaseLogger } from 'fastify';
import type { App } from '../app-instance.ts';

export function logRequests(app: App, logger: FastifyBaseLogger): void {
  app.addHook('onResponse', (request, reply, done) => {
    // Unset when the request was refused before anybody knew who it was.
    const key = request.caller?.key;
    logger.info(
      {
        method: request.method,
        route: request.policy?.route ?? null,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 1_000) / 1_000,
        key_id: key?.keyId ?? null,
        key_mask: key?.mask ?? null,
        request_id: request.id,
      },
      'request',
    );
    done();
  });
}
