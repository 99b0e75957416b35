/**
 * Every route says in its `config.access` what it is for. A route that does not cannot be registered, so forgetting the
 * question is a failed start and never an open door.
 */
import type { RouteOptions } from 'fastify';
import type { RouteGroup } from '../core/route-access.ts';

/** What was declared for one route. */
export interface RoutePolicy {
  access: RouteGroup;
  /** The route's pattern, as registered: `/key/:key/regenerate`. */
  route: string;
}

const ACCESS_KINDS: ReadonlySet<string> = new Set<RouteGroup>([
  'public',
  'llm',
  'info',
  'management',
  'spend',
  'admin',
]);

/** Reads a route's declaration. Throws at registration when it is missing or unknown. */
export function policyOf(route: Pick<RouteOptions, 'url' | 'method' | 'config'>): RoutePolicy {
  const access = route.config?.access;
  if (access === undefined || !ACCESS_KINDS.has(access)) {
    throw new Error(`route ${String(route.method)} ${route.url} does not declare config.access`);
  }
  return { access, route: route.url };
}
