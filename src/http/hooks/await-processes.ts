/**
 * `?wait=all` on whatever changes something: the answer comes when every process that serves has acted on the change, or
 * names those that have not said so in time. The change is made either way, so the status stays what it is.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { App } from '../app-instance.ts';
import { policyOf } from '../route-policy.ts';

interface NamedProcess {
  id: string;
  host: string;
  pid: number;
}

export interface AwaitProcessesDeps {
  /** Resolves when all processes have acted on the changes until now, or after the time given. */
  callRoll(
    timeoutMs: number,
  ): Promise<{ acknowledged: readonly NamedProcess[]; laggards: readonly (NamedProcess & { behindMs: number })[] }>;
}

const DEFAULT_TIMEOUT_SECONDS = 5;
const MAX_TIMEOUT_SECONDS = 60;

const WaitQuery = z.object({
  wait: z
    .enum(['all'])
    .optional()
    .describe(
      'all: answer when every process has acted on the change. The reply then has `acknowledged` and `laggards`, lists ' +
        'of {process, host} and, of those that have not said so in time, behind_seconds.',
    ),
  wait_timeout: z.coerce
    .number()
    .positive()
    .max(MAX_TIMEOUT_SECONDS)
    .optional()
    .describe(`How long to wait, in seconds; ${DEFAULT_TIMEOUT_SECONDS} by default.`),
});

/** Goes for every route registered from here on that changes something. */
export function awaitProcesses(app: App, deps: AwaitProcessesDeps): void {
  const awaitAll = createWaiting(deps);
  app.addHook('onRoute', (route) => {
    if (!policyOf(route).audited) return;
    const { querystring } = route.schema ?? {};
    const query = querystring instanceof z.ZodObject ? querystring.extend(WaitQuery.shape) : WaitQuery;
    route.schema = { ...route.schema, querystring: query };
    const own = route.onSend ?? [];
    route.onSend = [awaitAll, ...(Array.isArray(own) ? own : [own])];
  });
}

function createWaiting({ callRoll }: AwaitProcessesDeps) {
  return async (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> => {
    const { wait, wait_timeout: seconds = DEFAULT_TIMEOUT_SECONDS } = request.query as z.output<typeof WaitQuery>;
    if (wait !== 'all' || reply.statusCode >= 300) return payload;
    const { acknowledged, laggards } = await callRoll(seconds * 1_000);
    // Names of machines are for those who run them.
    const mayKnow = request.caller.role === 'proxy_admin';
    const toName = ({ id, host, pid }: NamedProcess) => ({
      process: id,
      host: mayKnow ? host : null,
      pid: mayKnow ? pid : null,
    });
    reply.header('x-latchkey-acknowledged', acknowledged.length);
    reply.header('x-latchkey-laggards', laggards.length);
    const body: unknown = typeof payload === 'string' && payload.startsWith('{') ? JSON.parse(payload) : null;
    // A reply that is no object has only the headers.
    if (body === null) return payload;
    return JSON.stringify({
      ...(body as object),
      acknowledged: acknowledged.map(toName),
      laggards: laggards.map((each) => ({ ...toName(each), behind_seconds: Math.round(each.behindMs) / 1_000 })),
    });
  };
}
