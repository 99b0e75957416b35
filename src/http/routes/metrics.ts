/** What Prometheus scrapes. */
import { z } from 'zod';
import type { App } from '../app-instance.ts';

export interface MetricsRoutesDeps {
  metrics: {
    /** False: who shows no credential may read them as well. */
    requireKey: boolean;
    contentType: string;
    /** Of all workers of this gateway. */
    render(): Promise<string>;
  };
}

export function registerMetricsRoutes(app: App, { metrics }: MetricsRoutesDeps): void {
  app.get(
    '/metrics',
    {
      config: { access: 'spend', scope: 'admin', answersStrangers: !metrics.requireKey },
      schema: {
        tags: ['server'],
        summary: 'Metrics in Prometheus’ text form',
        description: 'Whether it needs a key of an administrator: litellm_settings.require_auth_for_metrics_endpoint.',
        response: {
          200: { description: 'The text.', content: { 'text/plain': { schema: z.string() } } },
        },
      },
    },
    async (_request, reply) => {
      const text = await metrics.render();
      return reply.type(metrics.contentType).serializer(String).send(text);
    },
  );
}
