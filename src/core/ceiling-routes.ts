/** Routes of a key against those of its maker: of the calling key's list, and of what the maker's role may call. */
import type { Aspect, Excess, KeyCeiling, KnownRoute } from './ceiling-terms.ts';
import { isRouteAllowed, isRouteGroupName } from './route-access.ts';
import { isWildcard, matchWildcard } from './wildcard.ts';

/** What a key can do in the name of somebody who did not make it: call models, and see itself. */
const IN_OTHERS_NAME = ['llm_api_routes', '/key/info', '/key/health'] as const;

const allowedRoutes: Aspect = {
  read: ({ key }) => key.allowedRoutes,
  excess({ key }, ceiling) {
    for (const { whose, list } of lists(ceiling)) {
      if (key.allowedRoutes.length === 0) return beyondRoutes('every route of the role', whose, list);
      const found = key.allowedRoutes.find((entry) => !isWithin(entry, list, ceiling));
      if (found !== undefined) return beyondRoutes(found, whose, list);
    }
    return refuseByRole(key.allowedRoutes, ceiling);
  },
  tighten({ key }, ceiling) {
    const [first, ...others] = lists(ceiling);
    const shared = first?.list.filter((entry) => others.every(({ list }) => isWithin(entry, list, ceiling)));
    return { ...key, allowedRoutes: shared ?? [] };
  },
};

export const ROUTE_ASPECTS: readonly Aspect[] = [allowedRoutes];

function lists({ keys, inOthersName }: KeyCeiling): { whose: string; list: readonly string[] }[] {
  const ofKeys = keys.flatMap(({ whose, key }) =>
    key.allowedRoutes.length === 0 ? [] : [{ whose, list: key.allowedRoutes }],
  );
  const ofName = { whose: 'a key in the name of somebody else', list: IN_OTHERS_NAME };
  return inOthersName ? [ofName, ...ofKeys] : ofKeys;
}

/** An entry is within a list that names it, or all of whose routes the list allows as well. */
function isWithin(entry: string, list: readonly string[], { world }: KeyCeiling): boolean {
  if (list.includes(entry)) return true;
  if (list.some((pattern) => isWildcard(pattern) && matchWildcard(pattern, entry) !== null)) return true;
  const opened = routesOf(entry, world.routes);
  return opened.length > 0 && opened.every(({ route, access }) => isRouteAllowed(list, route, access));
}

/** A group is narrowed by the role wherever it is used; a route that is named is meant. */
function refuseByRole(entries: readonly string[], { capacity, world }: KeyCeiling): Excess | undefined {
  if (capacity === 'admin') return undefined;
  for (const entry of entries) {
    if (isRouteGroupName(entry)) continue;
    const closed = routesOf(entry, world.routes).find((route) => !world.mayCall(route));
    if (closed === undefined) continue;
    return {
      param: 'allowed_routes',
      message: `allowed_routes: '${entry.slice(0, 200)}' holds ${closed.route}, which your role may not call.`,
    };
  }
  return undefined;
}

/** Public routes are everybody's. */
function routesOf(entry: string, routes: readonly KnownRoute[]): readonly KnownRoute[] {
  const list = [entry];
  return routes.filter(({ access, route }) => access !== 'public' && isRouteAllowed(list, route, access));
}

function beyondRoutes(entry: string, whose: string, list: readonly string[]): Excess {
  const shown = list.slice(0, 50).map((route) => `'${route}'`);
  return {
    param: 'allowed_routes',
    message: `allowed_routes: '${entry.slice(0, 200)}' is beyond what ${whose} may call: [${shown.join(', ')}].`,
  };
}
