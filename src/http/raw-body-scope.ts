/**
 * A scope for model calls: the body arrives as the bytes that were sent, and nothing validates or rewrites it. Schemas
 * of routes in here document the call and cost nothing when it is made.
 */
import type { App } from './app-instance.ts';

/** `register` gets an app whose routes see `request.body` as a Buffer (undefined when none was sent). */
export function registerRawBodyScope(app: App, register: (scope: App) => void): void {
  app.register((scope: App, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    scope.setValidatorCompiler(() => (value) => ({ value }));
    scope.setSerializerCompiler(() => (payload) => JSON.stringify(payload));
    register(scope);
    done();
  });
}
