/** `/leaked`: whoever finds a secret can end it. */
import { type LeakDeps, reportLeaks } from '../../management/keys/report-leaks.ts';
import type { App } from '../app-instance.ts';
import { LeakedBody, LeakedReply, toLeakReports } from '../schemas/leaked.ts';

export interface LeakRoutesDeps {
  leaks: LeakDeps;
}

export function registerLeakRoutes(app: App, { leaks }: LeakRoutesDeps): void {
  app.post(
    '/leaked',
    {
      config: { access: 'public', scope: 'none', audited: true },
      schema: {
        tags: ['keys'],
        summary: 'Report a leaked secret',
        description:
          'Needs no key: whoever holds the secret may end it. Its key is blocked at once. Takes one secret, or a list ' +
          'in the form of the secret scanning programme of GitHub.',
        security: [],
        body: LeakedBody,
        response: { 200: LeakedReply },
      },
    },
    async (request) => {
      await reportLeaks(leaks, request.actor(), request.ip, toLeakReports(request.body));
      return { status: 'received' as const };
    },
  );
}
