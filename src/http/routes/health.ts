/** Is this process alive, can it serve, and which of its deployments are switched on. */
import { z } from 'zod';
import type { Caller } from '../../core/caller.ts';
import type { App } from '../app-instance.ts';
import { type DeploymentView, toPublicAddress } from '../schemas/deployment.ts';
import { type HealthServicesRouteDeps, registerHealthServicesRoute } from './health-services.ts';

/** What goes on inside this process. */
export interface ProcessState {
  callsInFlight: number;
  /** Holds on limits. Each belongs to a call in flight. */
  openHolds: number;
  /** Bills that are journalled and not yet in the database. */
  journalBacklog: number;
  /** Sequence number of the last change of a key, balance or setting that this process has heard of. */
  changeFeedPosition: number;
  /** When it last looked for changes of other processes, in milliseconds ago. */
  changeFeedBehindMs: number;
  /** Processes that serve from the same database, this one included. */
  liveProcesses: number;
  /** Tells whether two processes have read the same configuration file. */
  configDigest: string;
  configLoadedAtMs: number;
}

export interface HealthRoutesDeps extends HealthServicesRouteDeps {
  version: string;
  inspectProcess(): Promise<ProcessState>;
  /** Null: there is no Redis. */
  redisState: (() => 'up' | 'down' | 'rebuilding') | null;
  /** Resolves when the database answers; rejects when it does not. */
  pingDatabase(): Promise<void>;
  listDeployments(caller: Caller): readonly DeploymentView[];
}

/** A probe that waits longer than this has its answer: not ready. */
const PING_TIMEOUT_MS = 2_000;

const Readiness = z.object({
  status: z.enum(['healthy', 'unhealthy']),
  db: z.enum(['connected', 'unreachable']),
  redis: z
    .enum(['up', 'down', 'rebuilding'])
    .optional()
    .describe(
      'Where limits are counted in Redis. While it is not up, calls with limits fare as counters_fail_mode says.',
    ),
  litellm_version: z.string(),
});
const ReadinessDetails = Readiness.extend({
  calls_in_flight: z.number(),
  open_holds: z.number().describe('Holds on limits; each belongs to a call in flight.'),
  journal_backlog: z.number().describe('Bills that are journalled and not yet in the database.'),
  change_feed_position: z.number().describe('Number of the last change that this process has heard of.'),
  change_feed_behind_seconds: z.number().describe('How long ago it last looked for changes of other processes.'),
  live_processes: z.number().describe('Processes that serve from this database, this one included.'),
  config_digest: z.string().describe('Of the text of the configuration file and what it includes.'),
  config_loaded_at: z.string().describe('When this process has put it in force.'),
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
  let asking: Promise<boolean> | undefined;
  /** Anybody may ask, as often as they like: those who ask at the same time share one question to the database. */
  const isConnected = (): Promise<boolean> => {
    asking ??= answersInTime(deps.pingDatabase()).finally(() => {
      asking = undefined;
    });
    return asking;
  };

  for (const url of ['/health/liveliness', '/health/liveness']) {
    app.get(
      url,
      {
        config: { access: 'public', scope: 'none' },
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
      config: { access: 'public', scope: 'none' },
      schema: {
        tags: ['health'],
        summary: 'The process can serve: 200 with the database reachable, else 503',
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const connected = await isConnected();
      return reply.code(connected ? 200 : 503).send(toReadiness(connected, deps));
    },
  );

  app.get(
    '/health/readiness/details',
    {
      config: { access: 'admin', scope: 'admin' },
      schema: {
        tags: ['health'],
        summary: 'The same, and what goes on inside the process',
        response: { 200: ReadinessDetails, 503: ReadinessDetails },
      },
    },
    async (_request, reply) => {
      const connected = await isConnected();
      const state = await deps.inspectProcess();
      return reply.code(connected ? 200 : 503).send({
        ...toReadiness(connected, deps),
        calls_in_flight: state.callsInFlight,
        open_holds: state.openHolds,
        journal_backlog: state.journalBacklog,
        change_feed_position: state.changeFeedPosition,
        change_feed_behind_seconds: Math.round(state.changeFeedBehindMs) / 1_000,
        live_processes: state.liveProcesses,
        config_digest: state.configDigest,
        config_loaded_at: new Date(state.configLoadedAtMs).toISOString(),
      });
    },
  );

  registerHealthServicesRoute(app, deps);

  app.get(
    '/health',
    {
      config: { access: 'info', scope: 'none' },
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

function toReadiness(connected: boolean, { version, redisState }: HealthRoutesDeps): z.output<typeof Readiness> {
  return {
    status: connected ? 'healthy' : 'unhealthy',
    db: connected ? 'connected' : 'unreachable',
    ...(redisState === null ? {} : { redis: redisState() }),
    litellm_version: version,
  };
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
