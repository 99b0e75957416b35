import { describe, expect, test } from 'vitest';
import { buildKey, buildMember, buildTeam, buildUser } from '../storage/__fixtures__/rows.ts';
import { NO_STANDING } from './call-path.ts';
import { ANONYMOUS, type Caller } from './caller.ts';
import { GatewayError } from './gateway-error.ts';
import { assertMay, type Capacity, capacityFor, type KeyAct } from './permissions.ts';
import type { Role } from './role.ts';

const team = buildTeam({ id: 't1', organizationId: 'o1' });
const open = buildTeam({ id: 't1', memberPermissions: ['/key/update'] });

function caller(role: Role, over: Partial<Caller> = {}): Caller {
  const user = role === 'unknown' ? null : buildUser({ id: 'ada', role });
  return { ...ANONYMOUS, kind: 'key', role, userId: 'ada', path: { ...NO_STANDING.path, user }, ...over };
}
const inTeam = (role: 'admin' | 'user') => ({
  memberships: { teams: [buildMember({ teamId: 't1', userId: 'ada', role })], organizations: [] },
});
const outcome = (found: Capacity | GatewayError) => (found instanceof GatewayError ? found.status : found);

describe('what a role may', () => {
  test.each<[Role, KeyAct, string]>([
    ['proxy_admin', 'generate', 'any'],
    ['proxy_admin', 'bulk_update', 'any'],
    ['proxy_admin_viewer', 'generate', '403'],
    ['proxy_admin_viewer', 'info', 'any'],
    ['org_admin', 'update', 'within'],
    ['internal_user', 'generate', 'within'],
    ['internal_user', 'bulk_update', '403'],
    ['internal_user_viewer', 'delete', '403'],
    ['internal_user_viewer', 'list', 'within'],
    ['unknown', 'generate', '401'],
    ['unknown', 'list', '401'],
    ['unknown', 'info', 'self'],
  ])('%s %s: %s', (role, act, expected) => {
    const found = (() => {
      try {
        return assertMay(caller(role), act);
      } catch (error) {
        return String((error as GatewayError).status);
      }
    })();
    expect(found).toBe(expected);
  });
});

describe('as what a key is touched', () => {
  const mine = buildKey({ userId: 'ada' });
  const others = buildKey({ userId: 'bert' });
  const mineInTeam = buildKey({ userId: 'ada', teamId: 't1' });
  const othersInTeam = buildKey({ userId: 'bert', teamId: 't1' });

  test('an administrator touches any', () => {
    expect(outcome(capacityFor(caller('proxy_admin'), 'delete', others, null))).toBe('admin');
  });

  test('its user does what is for owners, and lifts no block', () => {
    const ada = caller('internal_user');
    expect(outcome(capacityFor(ada, 'update', mine, null))).toBe('owner');
    expect(outcome(capacityFor(ada, 'unblock', mine, null))).toBe(403);
    expect(outcome(capacityFor(ada, 'reset_spend', mine, null))).toBe(403);
  });

  test('a key of somebody else is refused as one that does not exist', () => {
    expect(outcome(capacityFor(caller('internal_user'), 'update', others, null))).toBe(403);
    expect(outcome(capacityFor(caller('internal_user'), 'info', others, null))).toBe(403);
  });

  test('in a team its permissions decide, by default to look only', () => {
    const member = caller('internal_user', inTeam('user'));
    const refusal = capacityFor(member, 'update', mineInTeam, team);
    expect(refusal).toMatchObject({ status: 401, type: 'team_member_permission_error', param: '/key/update' });
    expect(outcome(capacityFor(member, 'update', mineInTeam, open))).toBe('owner');
    expect(outcome(capacityFor(member, 'update', othersInTeam, open))).toBe(403);
    expect(outcome(capacityFor(member, 'info', othersInTeam, team))).toBe('member');
    expect(outcome(capacityFor(caller('internal_user'), 'info', othersInTeam, team))).toBe(403);
  });

  test('keys that are the whole team’s are its members’ to change as far as its permissions go', () => {
    const teams = buildKey({ userId: null, teamId: 't1' });
    const member = caller('internal_user', inTeam('user'));
    expect(outcome(capacityFor(member, 'update', teams, open))).toBe('member');
    expect(outcome(capacityFor(caller('internal_user'), 'update', teams, open))).toBe(403);
    expect(outcome(capacityFor(caller('internal_user_viewer', inTeam('user')), 'update', teams, open))).toBe(403);
    const all = buildTeam({ id: 't1', memberPermissions: ['/key/unblock', '/key/{key_id}/reset_spend'] });
    expect(outcome(capacityFor(member, 'unblock', teams, all))).toBe(403);
    expect(outcome(capacityFor(member, 'reset_spend', teams, all))).toBe(403);
  });

  test('who may look at a key of the team is told that more is not open, and others are told nothing', () => {
    const member = caller('internal_user', inTeam('user'));
    for (const key of [buildKey({ userId: null, teamId: 't1' }), othersInTeam]) {
      expect(capacityFor(member, 'delete', key, team)).toMatchObject({ status: 403, param: '/key/delete' });
      expect(capacityFor(member, 'regenerate', key, team)).toMatchObject({
        status: 401,
        type: 'team_member_permission_error',
        param: '/key/regenerate',
      });
      expect(outcome(capacityFor(member, 'delete', key, open))).toBe(403);
      expect(outcome(capacityFor(caller('internal_user'), 'delete', key, team))).toBe(403);
    }
    // With the permission it would be somebody else's still, so nothing is said of permissions.
    expect(capacityFor(member, 'update', othersInTeam, team)).toMatchObject({ status: 403, param: 'key' });
  });

  test('administrators of the team and of its organisation manage its keys', () => {
    expect(outcome(capacityFor(caller('internal_user', inTeam('admin')), 'unblock', othersInTeam, team))).toBe(
      'manager',
    );
    const stamps = { createdAtMs: 0, createdBy: '', updatedAtMs: 0, updatedBy: '', deletedAtMs: null, deletedBy: null };
    const place = { organizationId: 'o1', userId: 'ada', role: 'org_admin', budgetId: null, ...stamps } as const;
    const boss = caller('internal_user', { memberships: { teams: [], organizations: [place] } });
    expect(outcome(capacityFor(boss, 'delete', othersInTeam, team))).toBe('manager');
    expect(outcome(capacityFor(boss, 'delete', others, null))).toBe(403);
  });

  test('a key without a user sees itself', () => {
    const service = caller('unknown', { key: others });
    expect(outcome(capacityFor(service, 'info', others, null))).toBe('self');
    expect(outcome(capacityFor(service, 'info', mine, null))).toBe(403);
  });
});
