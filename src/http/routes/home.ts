/** What this server is, for whoever opens its address, and which routes it has. */
import { z } from 'zod';
import type { App } from '../app-instance.ts';

export interface HomeRoutesDeps {
  version: string;
  rootPath: string;
}

const Home = z.object({
  name: z.string(),
  version: z.string(),
  docs: z.string(),
  openapi: z.string(),
  ready: z.string(),
});
const RouteList = z.object({ routes: z.array(z.object({ path: z.string(), methods: z.array(z.string()) })) });

/** Registered before the other routes, so that `/routes` sees them all. */
export function registerHomeRoutes(app: App, deps: HomeRoutesDeps): void {
  const methodsByPath = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPath.get(url) ?? new Set<string>();
    for (const name of Array.isArray(method) ? method : [method]) methods.add(name);
    methodsByPath.set(url, methods);
  });

  app.get(
    '/',
    {
      config: { access: 'public', scope: 'none' },
      schema: { tags: ['server'], summary: 'What this server is', response: { 200: Home } },
    },
    () => ({
      name: 'Latchkey',
      version: deps.version,
      docs: `${deps.rootPath}/docs`,
      openapi: `${deps.rootPath}/openapi.json`,
      ready: `${deps.rootPath}/health/readiness`,
    }),
  );

  app.get(
    '/test',
    {
      config: { access: 'public', scope: 'none' },
      schema: {
        tags: ['server'],
        summary: 'A request gets through to this gateway',
        response: { 200: z.object({ route: z.string(), message: z.string() }) },
      },
    },
    () => ({ route: '/test', message: 'This gateway is alive.' }),
  );

  app.get(
    '/routes',
    {
      config: { access: 'public', scope: 'none' },
      schema: { tags: ['server'], summary: 'Every route of this server', response: { 200: RouteList } },
    },
    () => ({ routes: [...methodsByPath].map(([path, methods]) => ({ path, methods: [...methods] })) }),
  );
}
