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
    const allowed = METHODS.filter((method) => app.findRoute({ method, url }) !== null);
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
