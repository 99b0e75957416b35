/** A scope whose routes also take what an HTML form sends. Everywhere else a form is refused. */
import type { App } from './app-instance.ts';

export function registerFormScope(app: App, register: (scope: App) => void): void {
  app.register((scope: App, _options, done) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, parsed) => {
      // No prototype, so that no field's name means more than itself; of fields of one name the last counts.
      parsed(null, Object.assign(Object.create(null), Object.fromEntries(new URLSearchParams(text as string))));
    });
    register(scope);
    done();
  });
}
