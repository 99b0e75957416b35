import { describe, expect, test } from 'vitest';
import { ANONYMOUS, type Caller } from '../core/caller.ts';
import type { KeyRecord } from '../core/key.ts';
import type { Role } from '../core/role.ts';
import type { RouteGroup } from '../core/route-access.ts';
import { type DeclaredRoute, refuseRoute } from './authorize-route.ts';

function caller(role: Role, permissions: KeyRecord['permissions'] = {}): Caller {
  return { ...ANONYMOUS, role, userId: 'ada', secretHash: 'h', key: { permissions } as KeyRecord };
}

const to = (access: RouteGroup, route = '/x'): DeclaredRoute => ({ access, scope: 'scoped', route });

describe('a role may call', () => {
  test.each<[Role, RouteGroup[]]>([
    ['proxy_admin', ['public', 'llm', 'info', 'management', 'spend', 'admin']],
    ['proxy_admin_viewer', ['public', 'info', 'spend']],
    ['org_admin', ['public', 'llm', 'info', 'management', 'spend']],
    ['internal_user', ['public', 'llm', 'info', 'management', 'spend']],
    ['internal_user_viewer', ['public', 'info', 'spend']],
    ['unknown', ['public', 'llm', 'info']],
  ])('%s: %j', (role, allowed) => {
    const all: RouteGroup[] = ['public', 'llm', 'info', 'management', 'spend', 'admin'];
    expect(all.filter((access) => refuseRoute(caller(role), to(access)) === undefined)).toEqual(allowed);
  });

  test('a key with get_spend_routes: spend, and nothing else more', () => {
    const reader = caller('unknown', { get_spend_routes: true });
    expect(refuseRoute(reader, to('spend'))).toBeUndefined();
    expect(refuseRoute(reader, to('management'))).toBeDefined();
    expect(refuseRoute(caller('unknown', { get_spend_routes: 'yes' }), to('spend'))).toBeDefined();
  });
});

test('the refusal names route, role and user, in words that clients match on', () => {
  expect(refuseRoute(caller('unknown'), to('management', '/key/generate'))).toMatchObject({
    status: 401,
    type: 'auth_error',
    message:
      'Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. ' +
      'Route=/key/generate. Your role=unknown. Your user_id=ada',
  });
});

test('a viewer that wants to change something is forbidden to, not taken for a stranger', () => {
  expect(refuseRoute(caller('proxy_admin_viewer'), to('management'))).toMatchObject({ status: 403 });
});

test.each<[Role, number | undefined]>([
  ['proxy_admin', undefined],
  ['proxy_admin_viewer', undefined],
  ['org_admin', 401],
  ['internal_user', 401],
  ['internal_user_viewer', 403],
  ['unknown', 401],
])('everybody’s data is refused at the door to whoever may not see all: %s', (role, status) => {
  expect(refuseRoute(caller(role), { access: 'info', scope: 'admin', route: '/x' })?.status).toBe(status);
});

describe('a session of the dashboard', () => {
  const session: Caller = { ...caller('proxy_admin'), kind: 'session', key: null };

  test.each<RouteGroup>(['public', 'info', 'management', 'spend', 'admin'])('may call %s routes', (access) => {
    expect(refuseRoute(session, to(access))).toBeUndefined();
  });

  test('calls no model, not even an administrator’s', () => {
    expect(refuseRoute(session, to('llm', '/chat/completions'))).toMatchObject({
      status: 403,
      message: 'This key is made for LiteLLM UI, Tried to access route: /chat/completions. Not allowed',
    });
  });
});
