/** The Fastify instance as the routes see it, and what the hooks put on each request. */
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Actor } from '../core/audit.ts';
import type { Caller } from '../core/caller.ts';
import type { DataScope, RouteGroup } from '../core/route-access.ts';
import type { RoutePolicy } from './route-policy.ts';

export type App = FastifyInstance<
  RawServerDefault,
  import('node:http').IncomingMessage,
  import('node:http').ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route declares it; the start fails otherwise. */
    access?: RouteGroup;
    /** Whose data the route touches; declared by every route, too. */
    scope?: DataScope;
    /** Whether it changes something that the audit log tells of. Default: `management` and `admin`, but for GET. */
    audited?: boolean;
    /** See RoutePolicy. */
    answersStrangers?: boolean;
    /** See RoutePolicy. */
    errorDetail?: boolean;
  }
  interface FastifyRequest {
    /** Set before the body is read. On a public route: a caller of role `unknown` without a key. */
    caller: Caller;
    /** What the route declared; null where no route matched. */
    policy: RoutePolicy | null;
    /** The client's `x-litellm-call-id` when it sent a usable one, else the request id. */
    callId: string;
    /** Who does a change and from where, for the audit row. */
    actor(): Actor;
  }
}
