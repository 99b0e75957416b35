import { describe, expect, test } from 'vitest';
import { buildMember, buildUser } from '../storage/__fixtures__/rows.ts';
import { ANONYMOUS, type Caller, toMasterCaller } from './caller.ts';
import { assertAdmin, isAdmin, isOrganizationAdmin, mayManageTeam, maySeeAll, scopeOf, teamRoleOf } from './rights.ts';
import { NOTHING } from './scope.ts';

const user = buildUser({ id: 'ada' });
const ada: Caller = {
  ...ANONYMOUS,
  kind: 'key',
  role: 'internal_user',
  userId: 'ada',
  path: { ...ANONYMOUS.path, user },
  memberships: {
    teams: [
      buildMember({ teamId: 'led', userId: 'ada', role: 'admin' }),
      buildMember({ teamId: 'joined', userId: 'ada' }),
    ],
    organizations: [
      { ...buildMember({ teamId: '', userId: 'ada' }), organizationId: 'run', role: 'org_admin' },
      { ...buildMember({ teamId: '', userId: 'ada' }), organizationId: 'in', role: 'internal_user' },
    ],
  },
};

describe('what follows from memberships', () => {
  test('a team is managed by its administrators and those of its organisation', () => {
    expect([teamRoleOf(ada, 'led'), teamRoleOf(ada, 'joined'), teamRoleOf(ada, 'else')]).toEqual([
      'admin',
      'user',
      null,
    ]);
    expect(mayManageTeam(ada, { id: 'led', organizationId: null })).toBe(true);
    expect(mayManageTeam(ada, { id: 'joined', organizationId: 'in' })).toBe(false);
    expect(mayManageTeam(ada, { id: 'else', organizationId: 'run' })).toBe(true);
    expect(isOrganizationAdmin(ada, null)).toBe(false);
  });

  test('lists show what is its own or led by it; the administrator all; nobody nothing', () => {
    expect(scopeOf(ada)).toEqual({ ...NOTHING, userIds: ['ada'], teamIds: ['led'], organizationIds: ['run'] });
    expect(scopeOf(toMasterCaller('h'))).toBe('all');
    expect(scopeOf({ ...ANONYMOUS, userId: 'claimed' })).toEqual(NOTHING);
  });

  test('only an administrator of the proxy is one', () => {
    expect(() => assertAdmin(toMasterCaller('h'), '/x')).not.toThrow();
    const viewer: Caller = { ...ada, role: 'proxy_admin_viewer' };
    expect([isAdmin(viewer), maySeeAll(viewer), maySeeAll(ada)]).toEqual([false, true, false]);
    expect(() => assertAdmin(ada, '/team/new')).toThrowError(/Only proxy admin can be used to.*Route=\/team\/new/);
    expect(() => assertAdmin(ada, '/model/new')).toThrowError(
      expect.objectContaining({ status: 403, type: 'auth_error' }),
    );
  });
});
