import { GatewayError } from '../../core/gateway-error.ts';
import type { App } from '../app-instance.ts';

/**
 * Compressed bodies are not taken: a few bytes of one can be more than any limit allows. Whoever sends one is told so,
 * and not that its JSON is wrong.
 */
export function refuseEncodedBodies(app: App): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding'] ?? '';
    if (encoding === '' || encoding.toLowerCase() === 'identity') {
      done(null, payload);
      return;
    }
    const message = `The request body is encoded (content-encoding: ${encoding.slice(0, 64)}). Send it as plain JSON.`;
    done(new GatewayError('unsupported_media_type', message));
  });
}
