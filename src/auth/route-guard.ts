/** What the installation's settings say about routes, before roles do: which are served, and which to administrators only. */
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isAdmin } from '../core/rights.ts';
import { isRouteAllowed } from '../core/route-access.ts';
import { type DeclaredRoute, refuseRoute } from './authorize-route.ts';

/** Entries as in `allowed_routes` of a key: routes, beginnings of routes (`/key/*`) and groups of them. */
export interface RouteLists {
  /** `general_settings.allowed_routes`; null: all routes are served. Public ones (health, documents) are in any case. */
  allowed: readonly string[] | null;
  /** `general_settings.admin_only_routes`. */
  adminOnly: readonly string[];
}

/** Why this caller may not call the route, whatever its key says; undefined: it may. */
export type RefuseCaller = (caller: Caller) => GatewayError | undefined;

/** The question of one route, with all that is the same for every caller answered once. */
export type GuardRoute = (declared: DeclaredRoute) => RefuseCaller;

export function createRouteGuard({ allowed, adminOnly }: RouteLists): GuardRoute {
  return (declared) => {
    const { access, route } = declared;
    const isIn = (list: readonly string[]) => list.length > 0 && isRouteAllowed(list, route, access);
    if (access !== 'public' && allowed !== null && !isIn(allowed)) return () => notServed(route);
    if (access === 'public' || !isIn(adminOnly)) return (caller) => refuseRoute(caller, declared);
    return (caller) => (isAdmin(caller) ? refuseRoute(caller, declared) : adminOnlyRoute(route));
  };
}

/** Entries that stand for no route that there is, so that they open and close nothing. */
export function findUnknownRoutes(entries: readonly string[], known: readonly DeclaredRoute[]): string[] {
  return entries.filter(
    (entry) => entry.startsWith('/') && !known.some(({ route }) => isRouteAllowed([entry], route, 'admin')),
  );
}

function notServed(route: string): GatewayError {
  return new GatewayError(
    'forbidden',
    `Access forbidden: Route ${route} not allowed. It is not among general_settings.allowed_routes.`,
  );
}

function adminOnlyRoute(route: string): GatewayError {
  return new GatewayError('forbidden', `user not allowed to access this route. Route=${route} is an admin only route`);
}
