/**
 * Paths that do not exist, and paths that exist for another method. Both answers carry FastAPI's `detail` beside the
 * envelope, since clients probe for either.
 */

import { GatewayError, toEnvelope } from '../core/gateway-error.ts';
import type { App } from './app-instance.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

export function handleUnknownPaths(app: App): void {
  app.setNotFoundHandler((request, reply) => {
    const url = request.raw.url ?? '/';
    const allowed = METHODS.filter((method) => isKnown(app, method, url));
    if (allowed.length > 0) {
      const error = new GatewayError('method_not_allowed', 'Method Not Allowed');
      return reply
        .code(error.status)
        .header('allow', allowed.join(', '))
        .send({ detail: error.message, ...toEnvelope(error) });
    }
    const error = new GatewayError('not_found', 'Not Found');
    return reply.code(error.status).send({ detail: error.message, ...toEnvelope(error) });
  });
}

/** A route that takes any rest of a path says nothing about whether this one exists. */
function isKnown(app: App, method: string, url: string): boolean {
  const params = app.findRoute({ method, url })?.params;
  return params !== undefined && !Object.hasOwn(params, '*');
}
