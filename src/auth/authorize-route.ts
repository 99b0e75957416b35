/**
 * Which roles may call which kind of route. Everything finer (whose key, whose team, whose spend) is the verb's own
 * business; this is the gate before it.
 */
import type { Caller, Role } from '../core/caller.ts';
import { GatewayError } from '../core/gateway-error.ts';

/**
 * What a route is for, declared by every route.
 * - `public`: anybody, no key.
 * - `llm`: model calls. `info`: what a caller may know about itself and its models.
 * - `management`: changes to keys, users, teams. `spend`: spend beyond one's own. `admin`: the installation itself.
 */
export type RouteAccess = 'public' | 'llm' | 'info' | 'management' | 'spend' | 'admin';

const MAY_CALL: Readonly<Record<Role, readonly RouteAccess[]>> = {
  proxy_admin: ['public', 'llm', 'info', 'management', 'spend', 'admin'],
  proxy_admin_viewer: ['public', 'info', 'spend'],
  org_admin: ['public', 'llm', 'info', 'management', 'spend'],
  internal_user: ['public', 'llm', 'info', 'management', 'spend'],
  internal_user_viewer: ['public', 'info', 'spend'],
  unknown: ['public', 'llm', 'info'],
};

/** The refusal of a caller whose role has no business on this route, or undefined. `route` is the matched pattern. */
export function refuseRoute(caller: Caller, access: RouteAccess, route: string): GatewayError | undefined {
  if (MAY_CALL[caller.role].includes(access)) return undefined;
  if (access === 'spend' && caller.key?.permissions.get_spend_routes === true) return undefined;
  return new GatewayError(
    'not_admin',
    'Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. ' +
      `Route=${route}. Your role=${caller.role}. Your user_id=${caller.userId ?? 'unknown'}`,
  );
}
