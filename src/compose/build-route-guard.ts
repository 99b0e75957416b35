import type { pino } from 'pino';
import { createRouteGuard, findUnknownRoutes, type GuardRoute } from '../auth/route-guard.ts';
import type { Config } from '../config/config.ts';
import type { KnownRoute } from '../core/ceiling-terms.ts';

/** The guard of every route, as `general_settings` wants it. */
export function buildRouteGuard({ general }: Config): GuardRoute {
  return createRouteGuard({ allowed: general.allowedRoutes, adminOnly: general.adminOnlyRoutes });
}

/** To be called when all routes are registered: an entry that names none of them does not do what its author meant. */
export function warnOfUnknownRoutes({ general }: Config, known: readonly KnownRoute[], logger: pino.Logger): void {
  const unknown = {
    allowed_routes: findUnknownRoutes(general.allowedRoutes ?? [], known),
    admin_only_routes: findUnknownRoutes(general.adminOnlyRoutes, known),
    public_routes: general.publicRoutes.filter((entry) => !known.some(({ route }) => route === entry)),
  };
  for (const [setting, routes] of Object.entries(unknown)) {
    if (routes.length === 0) continue;
    logger.warn(
      { setting: `general_settings.${setting}`, routes },
      'These routes are not there, so naming them has no effect',
    );
  }
}
