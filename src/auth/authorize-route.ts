/**
 * Which roles may call which kind of route. Everything finer (whose key, whose team, whose spend) is the verb's own
 * business; this is the gate before it.
 */
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { maySeeAll, refuseAct } from '../core/rights.ts';
import type { Role } from '../core/role.ts';
import type { DataScope, RouteGroup } from '../core/route-access.ts';

/** `info` is what a caller may know about itself and its models; `spend` is spend beyond its own. */
const MAY_CALL: Readonly<Record<Role, readonly RouteGroup[]>> = {
  proxy_admin: ['public', 'llm', 'info', 'management', 'spend', 'admin'],
  proxy_admin_viewer: ['public', 'info', 'spend'],
  org_admin: ['public', 'llm', 'info', 'management', 'spend'],
  internal_user: ['public', 'llm', 'info', 'management', 'spend'],
  internal_user_viewer: ['public', 'info', 'spend'],
  unknown: ['public', 'llm', 'info'],
};

/** What a route has declared about itself; `route` is the matched pattern. */
export interface DeclaredRoute {
  access: RouteGroup;
  scope: DataScope;
  route: string;
}

/** The refusal of a caller whose role has no business on this route, or undefined. */
export function refuseRoute(caller: Caller, { access, scope, route }: DeclaredRoute): GatewayError | undefined {
  if (caller.kind === 'session' && access === 'llm') return sessionNotAllowed(route);
  if (scope === 'admin' && !maySeeAll(caller)) return refuseAct(caller, route);
  if (MAY_CALL[caller.role].includes(access)) return undefined;
  if (access === 'spend' && caller.key?.permissions.get_spend_routes === true) return undefined;
  return refuseAct(caller, route);
}

/** Whoever is signed in to the dashboard manages; models are called with a key, whose limits then count. */
function sessionNotAllowed(route: string): GatewayError {
  return new GatewayError('forbidden', `This key is made for LiteLLM UI, Tried to access route: ${route}. Not allowed`);
}
