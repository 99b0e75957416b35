/**
 * Which routes a key may call, where its `allowed_routes` say so. An entry is a route (`/chat/completions`, with or
 * without `/v1`; parameters as `{name}` or `:name`), the beginning of routes (`/key/*`), or a group of them
 * (`llm_api_routes`, `management_routes`, `info_routes`). An empty list leaves the question to the caller's role.
 */
import { GatewayError } from './gateway-error.ts';
import { isWildcard, matchWildcard } from './wildcard.ts';

/** What a route is for, as every route declares it. */
export type RouteGroup = 'llm' | 'info' | 'management' | 'spend' | 'admin' | 'public';

/**
 * Whose data a route touches, as every route declares it. `none`: what belongs to nobody in particular. `self`: only the
 * caller's own key, user or calls. `scoped`: rows of several owners, of which the verb and the query leave those within
 * the caller's scope. `admin`: everybody's; whoever may not see all is refused at the door.
 */
export type DataScope = 'none' | 'self' | 'scoped' | 'admin';

const GROUP_NAMES: ReadonlyMap<RouteGroup, readonly string[]> = new Map([
  ['llm', ['llm_api_routes', 'openai_routes']],
  ['management', ['management_routes']],
  ['info', ['info_routes']],
]);
/** What may be called is looked up by those who call it, and counts as information too. */
const LISTING_GROUPS = ['llm_api_routes', 'openai_routes', 'info_routes'] as const;

/** What is managed is also looked at: `management_routes` open the questions of the same families, as in LiteLLM. */
const MANAGED = /^\/(?:v\d\/)?(?:key|user|team|organization|customer|end_user|budget|tag|model|model_group)\//;

/** Entries that stand for a kind of routes. */
export function isRouteGroupName(entry: string): boolean {
  return [...GROUP_NAMES.values()].some((names) => names.includes(entry));
}

/**
 * True when the key's list allows the route. It narrows what the role may do and never widens it.
 * `routePath` is the registered pattern or the path without its query; public routes need no key and are never refused.
 */
export function isRouteAllowed(allowedRoutes: readonly string[], routePath: string, group: RouteGroup): boolean {
  if (allowedRoutes.length === 0 || group === 'public') return true;
  const { names, routes, beginnings } = compileRoutes(allowedRoutes);
  if (GROUP_NAMES.get(group)?.some((name) => names.has(name))) return true;
  const route = normalize(routePath);
  if (group === 'info' && names.has('management_routes') && MANAGED.test(route)) return true;
  if (isModelList(route) && LISTING_GROUPS.some((name) => names.has(name))) return true;
  if (routes.has(route)) return true;
  return beginnings.some(
    (pattern) => matchWildcard(pattern, routePath) !== null || matchWildcard(pattern, route) !== null,
  );
}

/** True for a route that no list closes: a key that may only call models is to be rotated as well. */
export function isOpenToEveryKey(route: string): boolean {
  return route === '/key/rotation/claim';
}

/** The refusal, with the status and the words that LiteLLM's clients look at. */
export function denyRoute(allowedRoutes: readonly string[], routePath: string): GatewayError {
  const list = allowedRoutes.map((route) => `'${route}'`).join(', ');
  return new GatewayError(
    'forbidden',
    `Virtual key is not allowed to call this route. Only allowed to call routes: [${list}]. Tried to call route: ${routePath}`,
  );
}

interface RouteList {
  names: ReadonlySet<string>;
  /** Normalized. */
  routes: ReadonlySet<string>;
  beginnings: readonly string[];
}

const compiled = new WeakMap<readonly string[], RouteList>();

/** Lists belong to records that never change, so each is read once however many calls are held against it. */
function compileRoutes(list: readonly string[]): RouteList {
  let routes = compiled.get(list);
  if (routes === undefined) {
    const exact = list.filter((entry) => !isWildcard(entry));
    routes = {
      names: new Set(exact),
      routes: new Set(exact.filter((entry) => entry.startsWith('/')).map(normalize)),
      beginnings: list.filter(isWildcard).flatMap(spellBeginning),
    };
    compiled.set(list, routes);
  }
  return routes;
}

/** `/v1/chat/*` is `/chat/*` as well; `/v1/*` is only itself, since everything begins with what is left of it. */
function spellBeginning(pattern: string): string[] {
  const short = withoutVersion(pattern);
  return short === pattern || short.startsWith('/*') ? [pattern] : [pattern, short];
}

/** One spelling per route: no `/v1`, no slash at the end, parameters without their names. */
function normalize(route: string): string {
  const trimmed = route.length > 1 && route.endsWith('/') ? route.slice(0, -1) : route;
  return withoutVersion(trimmed).replace(/\/(?::[^/]+|\{[^/}]*\})/g, '/:');
}

function withoutVersion(route: string): string {
  return route.startsWith('/v1/') ? route.slice(3) : route;
}

function isModelList(route: string): boolean {
  return route === '/models' || route.startsWith('/models/');
}
