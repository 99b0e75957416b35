/**
 * Bodies of management calls. Whatever the content type says, a body that is JSON is taken as JSON: scripts that forget
 * the header are many. A form on another site gains nothing by it: a call carries its own credential, or it has a session
 * and then has to show that it does not come from another site (refuse-forgery.ts).
 *
 * Credentials of log destinations are sealed before anybody sees the body: from here on only a sink can read them.
 */
import { type SealSecret, sealCallbackSecrets } from '../core/callback-secrets.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { parseJson } from '../core/json.ts';
import type { App } from './app-instance.ts';

export function acceptJsonBodies(app: App, sealSecret: SealSecret): void {
  const parseJson = app.getDefaultJsonParser('error', 'ignore');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') {
      done(null, undefined);
      return;
    }
    void parseJson(request, text as string, (error, body) => {
      if (error !== null && error !== undefined) return done(refuse(text as string, request.headers['content-type']));
      try {
        done(null, sealCallbackSecrets(body, sealSecret));
      } catch (refusal) {
        done(refusal as Error);
      }
    });
  });
}

function refuse(text: string, contentType: string | undefined): GatewayError {
  // The parser also refuses what is valid JSON: a name that would change what an object is.
  if (parseJson(text) !== undefined) {
    return new GatewayError('invalid_request', 'The request body has a member named `__proto__`, which is not taken.');
  }
  return contentType === undefined || /json/i.test(contentType)
    ? new GatewayError('invalid_request', 'The request body is not valid JSON.')
    : new GatewayError('unsupported_media_type', 'The request body has to be JSON.');
}
