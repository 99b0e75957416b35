/**
 * Which roles may call which kind of route. Everything finer (whose key, whose team, whose spend) is the verb's own
 * business; this is the gate before it.
 */
import type { Caller } from '../core/caller.ts';
import type { GatewayError } from '../core/gateway-error.ts';
import { refuseAct } from '../core/rights.ts';
import type { Role } from '../core/role.ts';
import type { RouteGroup } from '../core/route-access.ts';

/** `info` is what a caller may know about itself and its models; `spend` is spend beyond its own. */
const MAY_CALL: Readonly<Record<Role, readonly RouteGroup[]>> = {
  proxy_admin: ['public', 'llm', 'info', 'management', 'spend', 'admin'],
  proxy_admin_viewer: ['public', 'info', 'spend'],
  org_admin: ['public', 'llm', 'info', 'management', 'spend'],
  internal_user: ['public', 'llm', 'info', 'management', 'spend'],
  internal_user_viewer: ['public', 'info', 'spend'],
  unknown: ['public', 'llm', 'info'],
};

/** The refusal of a caller whose role has no business on this route, or undefined. `route` is the matched pattern. */
export function refuseRoute(caller: Caller, access: RouteGroup, route: string): GatewayError | undefined {
  if (MAY_CALL[caller.role].includes(access)) return undefined;
  if (access === 'spend' && caller.key?.permissions.get_spend_routes === true) return undefined;
  return refuseAct(caller, route);
}
