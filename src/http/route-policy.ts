/**
 * Every route says in its `config` what it is for (`access`) and whose data it touches (`scope`). A route that does not
 * say both cannot be registered, so forgetting the question is a failed start and never an open door.
 */
import type { RouteOptions } from 'fastify';
import type { DataScope, RouteGroup } from '../core/route-access.ts';

/** What was declared for one route. */
export interface RoutePolicy {
  access: RouteGroup;
  scope: DataScope;
  /** The route's pattern, as registered: `/key/:key/regenerate`. */
  route: string;
  /** It changes something, so every change and every refused attempt is in the audit log. */
  audited: boolean;
  /** It answers whoever shows no credential, unless they come through a proxy. Who shows one is held to it. */
  answersStrangers: boolean;
  /** Errors also stand in `detail.error`, where LiteLLM has them on this route. */
  errorDetail: boolean;
}

const ACCESS_KINDS: ReadonlySet<string> = new Set<RouteGroup>([
  'public',
  'llm',
  'info',
  'management',
  'spend',
  'admin',
]);
/** Groups whose routes change something, unless they are just read. */
const CHANGING: ReadonlySet<RouteGroup> = new Set(['management', 'admin']);
const SCOPES: ReadonlySet<string> = new Set<DataScope>(['none', 'self', 'scoped', 'admin']);

/** Reads a route's declaration. Throws at registration when a part of it is missing or unknown. */
export function policyOf(route: Pick<RouteOptions, 'url' | 'method' | 'config'>): RoutePolicy {
  const { access, scope, answersStrangers = false, errorDetail = false } = route.config ?? {};
  if (access === undefined || !ACCESS_KINDS.has(access)) throw undeclared(route, 'access', ACCESS_KINDS);
  if (scope === undefined || !SCOPES.has(scope)) throw undeclared(route, 'scope', SCOPES);
  const audited = route.config?.audited ?? (CHANGING.has(access) && sendsBody(route.method));
  return { access, scope, route: route.url, audited, answersStrangers, errorDetail };
}

function undeclared(
  { method, url }: Pick<RouteOptions, 'url' | 'method'>,
  name: string,
  known: ReadonlySet<string>,
): Error {
  const words = [...known].join(', ');
  return new Error(
    `route ${String(method)} ${url} does not declare config.${name} (one of ${words}; see core/route-access.ts)`,
  );
}

function sendsBody(method: RouteOptions['method']): boolean {
  return (Array.isArray(method) ? method : [method]).some((name) => !['GET', 'HEAD', 'OPTIONS'].includes(name));
}
