/**
 * Who is calling, and may they call this route: decided before a byte of the body is read, for every route but the
 * public ones. `request.caller` is set from here on.
 */
import type { FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { hasKeyHeader, type RequestHeaders } from '../../auth/extract-credential.ts';
import { type IdentifyDeps, identifyCaller } from '../../auth/identify-caller.ts';
import { identifySession, type SessionDeps } from '../../auth/identify-session.ts';
import type { GuardRoute } from '../../auth/route-guard.ts';
import { ANONYMOUS, type Caller } from '../../core/caller.ts';
import type { GatewayError } from '../../core/gateway-error.ts';
import { denyAddress, denyEverybody, mayCallFrom } from '../../core/key-addresses.ts';
import { denyRoute, isOpenToEveryKey, isRouteAllowed } from '../../core/route-access.ts';
import type { App } from '../app-instance.ts';
import { refuseForgery } from '../refuse-forgery.ts';
import { policyOf, type RoutePolicy } from '../route-policy.ts';
import { type CookieSettings, type CookieSource, findSessionToken } from '../session-cookie.ts';

export interface AuthenticateDeps {
  identify: IdentifyDeps;
  sessions: { identify: SessionDeps; cookie: CookieSettings };
  /** `general_settings.allowed_ips`; null: everybody. */
  isIpAllowed: ((ip: string) => boolean) | null;
  /** `general_settings.public_routes`: route patterns that need no key, though they still end where roles do. */
  publicRoutes: readonly string[];
  /** What roles and the installation's settings say of a route. */
  guardRoute: GuardRoute;
  /** Hears of every route that is registered. */
  noteRoute(policy: RoutePolicy): void;
}

/** The guard of one route, for whoever serves it. */
export interface Gate {
  /**
   * Who is calling. Throws or rejects with a GatewayError where that is not known, or where nobody may from there.
   * `source`: the request, whose session counts where no header names a key; never on routes of model calls.
   */
  identify(headers: RequestHeaders, ip: string, source?: CookieSource): Caller | Promise<Caller>;
  /** Why this caller may not call the route; undefined: it may. */
  refuse(caller: Caller, ip: string): GatewayError | undefined;
}

export function createGate(
  policy: RoutePolicy,
  { identify, sessions, isIpAllowed, publicRoutes, guardRoute }: AuthenticateDeps,
): Gate {
  const needsKey = policy.access !== 'public' && !publicRoutes.includes(policy.route);
  const refuseCaller = guardRoute(policy);
  const takesSessions = needsKey && policy.access !== 'llm';
  return {
    identify(headers, ip, source) {
      if (policy.access !== 'public' && isIpAllowed?.(ip) === false) throw denyEverybody();
      if (!needsKey) return ANONYMOUS;
      if (policy.answersStrangers && isStranger(headers, identify)) return ANONYMOUS;
      if (takesSessions && source !== undefined && headers.cookie !== undefined) {
        const isNamed = hasKeyHeader(headers, identify.keyHeaderName);
        const token = isNamed ? undefined : findSessionToken(source, sessions.cookie);
        if (token !== undefined) return identifySession(token, sessions.identify);
      }
      return identifyCaller(headers, identify);
    },
    refuse(caller, ip) {
      if (policy.access === 'public') return undefined;
      if (policy.answersStrangers && caller.kind === 'anonymous') return undefined;
      const { key } = caller;
      if (key !== null && !mayCallFrom(key, ip)) return denyAddress(ip);
      if (
        key !== null &&
        !isOpenToEveryKey(policy.route) &&
        !isRouteAllowed(key.allowedRoutes, policy.route, policy.access)
      ) {
        return denyRoute(key.allowedRoutes, policy.route);
      }
      return refuseCaller(caller);
    },
  };
}

/** Whoever comes through a proxy may come from anywhere. */
function isStranger(headers: RequestHeaders, { keyHeaderName }: IdentifyDeps): boolean {
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  return headers.cookie === undefined && !hasKeyHeader(headers, keyHeaderName);
}

/** Guards every route registered from here on; a route without a declared access cannot be registered. */
export function authenticateRoutes(app: App, deps: AuthenticateDeps): void {
  app.decorateRequest('caller', null as unknown as Caller);
  app.decorateRequest('policy', null);
  app.addHook('onRoute', (route) => {
    const policy = policyOf(route);
    deps.noteRoute(policy);
    const gate = createGate(policy, deps);
    // A hook of the route's own, so that the policy is at hand without a look-up on each request.
    const guard = (request: FastifyRequest, _reply: unknown, done: HookHandlerDoneFunction): void => {
      request.policy = policy;
      const caller = gate.identify(request.headers, request.ip, request);
      if (caller instanceof Promise) caller.then((found) => admit(request, found, gate, done), done);
      else admit(request, caller, gate, done);
    };
    const own = route.onRequest ?? [];
    route.onRequest = [guard, ...(Array.isArray(own) ? own : [own])];
  });
}

function admit(request: FastifyRequest, caller: Caller, gate: Gate, done: HookHandlerDoneFunction): void {
  request.caller = caller;
  const forged = caller.kind === 'session' ? refuseForgery(request, request.policy?.audited === true) : undefined;
  done(forged ?? gate.refuse(caller, request.ip));
}
