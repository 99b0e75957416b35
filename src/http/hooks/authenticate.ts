/**
 * Who is calling, and may they call this route: decided before a byte of the body is read, for every route but the
 * public ones. `request.caller` is set from here on.
 */
import type { FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { refuseRoute } from '../../auth/authorize-route.ts';
import { type IdentifyDeps, identifyCaller } from '../../auth/identify-caller.ts';
import { ANONYMOUS, type Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { denyRoute, isRouteAllowed } from '../../core/route-access.ts';
import type { App } from '../app-instance.ts';
import { policyOf, type RoutePolicy } from '../route-policy.ts';

export interface AuthenticateDeps {
  identify: IdentifyDeps;
  /** `general_settings.allowed_ips`; null: everybody. */
  isIpAllowed: ((ip: string) => boolean) | null;
  /** `general_settings.public_routes`: route patterns that need no key, though they still end where roles do. */
  publicRoutes: readonly string[];
}

/** Guards every route registered from here on; a route without a declared access cannot be registered. */
export function authenticateRoutes(app: App, deps: AuthenticateDeps): void {
  app.decorateRequest('caller', null as unknown as Caller);
  app.decorateRequest('policy', null);
  app.addHook('onRoute', (route) => {
    const policy = policyOf(route);
    const isPublic = deps.publicRoutes.includes(policy.route);
    // A hook of the route's own, so that the policy is at hand without a look-up on each request.
    const guard = (request: FastifyRequest, _reply: unknown, done: HookHandlerDoneFunction): void => {
      request.policy = policy;
      if (policy.access === 'public') {
        request.caller = ANONYMOUS;
        done();
      } else if (deps.isIpAllowed?.(request.ip) === false) {
        done(new GatewayError('forbidden', 'Access forbidden: IP address not allowed.'));
      } else if (isPublic) {
        admit(request, ANONYMOUS, policy, done);
      } else {
        identify(request, policy, deps.identify, done);
      }
    };
    const own = route.onRequest ?? [];
    route.onRequest = [guard, ...(Array.isArray(own) ? own : [own])];
  });
}

function identify(
  request: FastifyRequest,
  policy: RoutePolicy,
  deps: IdentifyDeps,
  done: HookHandlerDoneFunction,
): void {
  const caller = identifyCaller(request.headers, deps);
  if (caller instanceof Promise) {
    caller.then((found) => admit(request, found, policy, done), done);
  } else {
    admit(request, caller, policy, done);
  }
}

function admit(request: FastifyRequest, caller: Caller, policy: RoutePolicy, done: HookHandlerDoneFunction): void {
  request.caller = caller;
  const { key } = caller;
  if (key !== null && !isRouteAllowed(key.allowedRoutes, policy.route, policy.access)) {
    done(denyRoute(key.allowedRoutes, policy.route));
  } else {
    done(refuseRoute(caller, policy.access, policy.route));
  }
}
