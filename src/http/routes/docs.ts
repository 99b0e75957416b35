/**
 * The API described from the very schemas that it is served with, and a browser for it. Everything comes from this
 * process: nothing is fetched from elsewhere.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { App } from '../app-instance.ts';
import { describeErrors } from '../schemas/error-answer.ts';

/** Where the browser stands; `/openapi.json` is the document itself. */
const DOCS_PATH = '/docs';

export interface DocsRoutesDeps {
  version: string;
  rootPath: string;
}

/** To be called before the routes that are to be described. Its own files are public and carry no guard. */
export async function registerDocsRoutes(app: App, { version, rootPath }: DocsRoutesDeps): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Latchkey',
        description: 'An LLM gateway with virtual keys: OpenAI-compatible calls, LiteLLM-compatible key management.',
        version,
      },
      servers: [{ url: rootPath === '' ? '/' : rootPath }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A virtual key (sk-…) or the master key.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'latchkey_session',
            description:
              'Set by POST /login; over https the name is __Host-latchkey_session. Not for model calls. Requests that ' +
              'change something also need the header x-latchkey-session, or come from the same origin.',
          },
        },
      },
      security: [{ bearer: [] }, { session: [] }],
    },
    transform: (input) => {
      const { schema, url } = jsonSchemaTransform(input);
      // Nobody has to show anything there.
      const isPublic = input.route.config?.access === 'public';
      return { url, schema: isPublic ? { ...schema, security: [] } : schema };
    },
    transformObject: (input) => describeErrors(jsonSchemaTransformObject(input)),
  });
  await app.register(swaggerUi, { routePrefix: DOCS_PATH, indexPrefix: rootPath });

  let document: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(document);
  });
  app.get('/redoc', { schema: { hide: true } }, (_request, reply) => reply.redirect(rootPath + DOCS_PATH, 302));
}
