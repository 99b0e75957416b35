import { describe, expect, test } from 'vitest';
import { toEnvelope } from './gateway-error.ts';
import { denyRoute, isRouteAllowed, type RouteGroup } from './route-access.ts';

describe('isRouteAllowed', () => {
  test.each<[string, string[], string, RouteGroup, boolean]>([
    ['an empty list refuses nothing', [], '/key/generate', 'management', true],
    ['a route allows itself', ['/chat/completions'], '/chat/completions', 'llm', true],
    ['a route allows its /v1 form', ['/chat/completions'], '/v1/chat/completions', 'llm', true],
    ['a /v1 route allows its short form', ['/v1/chat/completions'], '/chat/completions', 'llm', true],
    ['a slash at the end does not matter', ['/chat/completions/'], '/v1/chat/completions', 'llm', true],
    ['a route allows no other', ['/chat/completions'], '/embeddings', 'llm', false],
    ['a route is no beginning', ['/key'], '/key/generate', 'management', false],
    ['a version other than v1 is another route', ['/key/info'], '/v2/key/info', 'info', false],
    ['parameters in braces', ['/key/{key}/regenerate'], '/key/:key/regenerate', 'management', true],
    ['parameters with other names', ['/key/:k/regenerate'], '/key/:key/regenerate', 'management', true],
    ['a parameter is not another segment', ['/key/{key}/regenerate'], '/key/:key/reset_spend', 'management', false],
    ['a beginning allows what begins so', ['/key/*'], '/key/generate', 'management', true],
    ['a beginning allows nothing else', ['/key/*'], '/team/new', 'management', false],
    ['a beginning ends where it says', ['/key/*'], '/keys', 'management', false],
    ['a short beginning allows the /v1 form', ['/chat/*'], '/v1/chat/completions', 'llm', true],
    ['a /v1 beginning allows the short form', ['/v1/chat/*'], '/chat/completions', 'llm', true],
    ['/v1/* allows /v1 routes', ['/v1/*'], '/v1/chat/completions', 'llm', true],
    ['/v1/* does not open the rest', ['/v1/*'], '/key/generate', 'management', false],
    ['/v1/** does not either', ['/v1/**'], '/key/generate', 'management', false],
    ['* allows every route', ['*'], '/key/generate', 'management', true],
    ['/* allows every route', ['/*'], '/key/generate', 'management', true],
    ['llm_api_routes: model calls', ['llm_api_routes'], '/v1/embeddings', 'llm', true],
    ['llm_api_routes: the list of models', ['llm_api_routes'], '/v1/models', 'info', true],
    ['llm_api_routes: one model', ['llm_api_routes'], '/models/:id', 'info', true],
    ['llm_api_routes: no information', ['llm_api_routes'], '/key/info', 'info', false],
    ['llm_api_routes: no management', ['llm_api_routes'], '/key/generate', 'management', false],
    ['management_routes: management', ['management_routes'], '/key/generate', 'management', true],
    ['management_routes: what is managed is looked at', ['management_routes'], '/key/info', 'info', true],
    ['management_routes: in a later version, too', ['management_routes'], '/v2/team/list', 'info', true],
    ['management_routes: no list of models', ['management_routes'], '/v1/models', 'info', false],
    ['management_routes: no model calls', ['management_routes'], '/chat/completions', 'llm', false],
    ['management_routes: no administration', ['management_routes'], '/config/update', 'admin', false],
    ['info_routes: information', ['info_routes'], '/key/info', 'info', true],
    ['info_routes: the list of models, whatever it counts as', ['info_routes'], '/models', 'llm', true],
    ['info_routes: no model calls', ['info_routes'], '/chat/completions', 'llm', false],
    ['info_routes: no management', ['info_routes'], '/key/generate', 'management', false],
    ['groups and routes add up', ['info_routes', '/key/generate'], '/key/generate', 'management', true],
    ['spend is in no group', ['info_routes', 'management_routes'], '/spend/keys', 'spend', false],
    ['spend by its route', ['/spend/*'], '/spend/keys', 'spend', true],
    ['openai_routes: model calls', ['openai_routes'], '/v1/chat/completions', 'llm', true],
    ['openai_routes: the list of models', ['openai_routes'], '/models', 'info', true],
    ['openai_routes: no information', ['openai_routes'], '/key/info', 'info', false],
    ['an unknown group allows nothing', ['mcp_routes'], '/chat/completions', 'llm', false],
    ['a route named like a group is no group', ['info_routes'], '/info_routes', 'admin', false],
    ['public routes stay public', ['/key/info'], '/health/liveliness', 'public', true],
  ])('%s', (_guarantee, allowedRoutes, routePath, group, expected) => {
    expect(isRouteAllowed(allowedRoutes, routePath, group)).toBe(expected);
  });
});

test('denyRoute: exactly 403, with the words that clients match on', () => {
  const error = denyRoute(['/chat/completions', 'info_routes'], '/key/generate');
  expect(error.status).toBe(403);
  expect(toEnvelope(error)).toEqual({
    error: {
      message:
        "Virtual key is not allowed to call this route. Only allowed to call routes: ['/chat/completions', 'info_routes']. Tried to call route: /key/generate",
      type: 'auth_error',
      param: null,
      code: '403',
    },
  });
});
