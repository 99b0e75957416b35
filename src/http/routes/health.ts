/** Is this process alive, can it serve, and which of its deployments are switched on. */
import { z } from 'zod';
import type { Caller } from '../../core/caller.ts';
import type { App } from '../app-instance.ts';
import { type DeploymentView, toPublicAddress } from '../schemas/deployment.ts';

export interface HealthRoutesDeps {
  version: string;
  /** Resolves when the database answers; rejects when it does not. */
  pingDatabase(): Promise<void>;
  listDeployments(caller: Caller): readonly DeploymentView[];
}

/** A probe that waits longer than this has its answer: not ready. */
const PING_TIMEOUT_MS = 2_000;

const Readiness = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  db: z.enum(['connected', 'unreachable']),
  litellm_version: z.string(),
});
const Endpoint = z.object({
  model: z.string(),
  model_id: z.string(),
  provider: z.string(),
  api_base: z.string().nullable(),
  error: z.string().optional(),
});
const Health = z.object({
  healthy_endpoints: z.array(Endpoint),
  unhealthy_endpoints: z.array(Endpoint),
  healthy_count: z.number(),
  unhealthy_count: z.number(),
  probed: z.boolean().describe('False: deployments are judged by their configuration; no provider was called.'),
});

export function registerHealthRoutes(app: App, deps: HealthRoutesDeps): void {
  for (const url of ['/health/liveliness', '/health/liveness']) {
    app.get(
      url,
      {
        config: { access: 'public' },
        schema: { tags: ['health'], summary: 'The process answers', response: { 200: z.string() } },
      },
      (_request, reply) => {
        // A JSON string, quotes and all, as LiteLLM's probes expect.
        reply.type('application/json; charset=utf-8').send(JSON.stringify("I'm alive!"));
      },
    );
  }

  app.get(
    '/health/readiness',
    {
      config: { access: 'public' },
      schema: {
        tags: ['health'],
        summary: 'The process can serve: 200 with the database reachable, else 503',
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const connected = await answersInTime(deps.pingDatabase());
      return reply.code(connected ? 200 : 503).send({
        status: connected ? 'healthy' : 'unhealthy',
        db: connected ? 'connected' : 'unreachable',
        litellm_version: deps.version,
      });
    },
  );

  app.get(
    '/health',
    {
      config: { access: 'info' },
      schema: {
        tags: ['health'],
        summary: 'Deployments of this caller that are switched on, and why the others are not',
        description:
          'Tells what the configuration says. No provider is called, so a provider that is down is not seen.',
        querystring: z.object({ model: z.string().optional() }),
        response: { 200: Health },
      },
    },
    (request) => {
      const { model } = request.query;
      const shown = deps
        .listDeployments(request.caller)
        .filter(({ modelName }) => model === undefined || modelName === model);
      const healthy = shown.filter(({ unavailable }) => unavailable === null).map(toEndpoint);
      const unhealthy = shown.filter(({ unavailable }) => unavailable !== null).map(toEndpoint);
      return {
        healthy_endpoints: healthy,
        unhealthy_endpoints: unhealthy,
        healthy_count: healthy.length,
        unhealthy_count: unhealthy.length,
        probed: false,
      };
    },
  );
}

function toEndpoint(deployment: DeploymentView): z.output<typeof Endpoint> {
  return {
    model: deployment.modelName,
    model_id: deployment.id,
    provider: deployment.provider,
    api_base: toPublicAddress(deployment.apiBase),
    ...(deployment.unavailable === null ? {} : { error: deployment.unavailable }),
  };
}

async function answersInTime(ping: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PING_TIMEOUT_MS);
  });
  const answered = ping.then(
    () => true,
    () => false,
  );
  const result = await Promise.race([answered, late]);
  clearTimeout(timer);
  return result;
}
