import { describe, expect, test } from 'vitest';
import { ANONYMOUS, type Caller } from '../core/caller.ts';
import type { KeyRecord } from '../core/key.ts';
import type { Role } from '../core/role.ts';
import type { RouteGroup } from '../core/route-access.ts';
import { refuseRoute } from './authorize-route.ts';

function caller(role: Role, permissions: KeyRecord['permissions'] = {}): Caller {
  return { ...ANONYMOUS, role, userId: 'ada', secretHash: 'h', key: { permissions } as KeyRecord };
}

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
    expect(all.filter((access) => refuseRoute(caller(role), access, '/x') === undefined)).toEqual(allowed);
  });

  test('a key with get_spend_routes: spend, and nothing else more', () => {
    const reader = caller('unknown', { get_spend_routes: true });
    expect(refuseRoute(reader, 'spend', '/global/spend')).toBeUndefined();
    expect(refuseRoute(reader, 'management', '/key/generate')).toBeDefined();
    expect(refuseRoute(caller('unknown', { get_spend_routes: 'yes' }), 'spend', '/x')).toBeDefined();
  });
});

test('the refusal names route, role and user, in words that clients match on', () => {
  expect(refuseRoute(caller('unknown'), 'management', '/key/generate')).toMatchObject({
    status: 401,
    type: 'auth_error',
    message:
      'Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. ' +
      'Route=/key/generate. Your role=unknown. Your user_id=ada',
  });
});

test('a viewer that wants to change something is forbidden to, not taken for a stranger', () => {
  expect(refuseRoute(caller('proxy_admin_viewer'), 'management', '/key/generate')).toMatchObject({ status: 403 });
});
