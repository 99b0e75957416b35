import { describe, expect, test } from 'vitest';
import { ANONYMOUS, type Caller } from './caller.ts';
import type { KeyRecord } from './key.ts';
import { assertMay, isWithinReach, type KeyAct } from './permissions.ts';
import type { Role } from './role.ts';

const caller = (role: Role, over: Partial<Caller> = {}): Caller => ({
  ...ANONYMOUS,
  role,
  secretHash: 'a'.repeat(64),
  ...over,
});
const key = (keyId: string, userId: string | null = null) => ({ keyId, userId }) as KeyRecord;

const WRITES: KeyAct[] = ['generate', 'update', 'delete', 'regenerate', 'block', 'unblock'];

describe('who may change keys', () => {
  test.each(WRITES)('%s: the administrator, and nobody else', (act) => {
    expect(assertMay(caller('proxy_admin'), act)).toBe('any');
    for (const role of ['org_admin', 'internal_user', 'unknown'] as const) {
      expect(() => assertMay(caller(role), act), role).toThrowError(
        expect.objectContaining({ code: 'not_admin', status: 401, type: 'auth_error' }),
      );
    }
    for (const role of ['proxy_admin_viewer', 'internal_user_viewer'] as const) {
      expect(() => assertMay(caller(role), act), role).toThrowError(
        expect.objectContaining({ code: 'forbidden', status: 403 }),
      );
    }
  });

  test('the refusal says which route, which role and which user', () => {
    expect(() => assertMay(caller('unknown', { userId: 'u-1' }), 'generate')).toThrowError(
      'Authentication Error, Only proxy admin can be used to generate, delete, update info for new keys/users/teams. ' +
        'Route=/key/generate. Your role=unknown. Your user_id=u-1',
    );
  });
});

describe('who may see keys', () => {
  test('a key without a user sees itself, and cannot list', () => {
    const itself = caller('unknown', { key: key('key_1') });
    const reach = assertMay(itself, 'info');
    expect(isWithinReach(reach, itself, key('key_1'))).toBe(true);
    expect(isWithinReach(reach, itself, key('key_2'))).toBe(false);
    expect(() => assertMay(itself, 'list')).toThrowError(expect.objectContaining({ code: 'not_admin' }));
  });

  test('a user sees the keys of the same user, and no key without one', () => {
    const user = caller('internal_user', { userId: 'u-1' });
    const reach = assertMay(user, 'info');
    expect(isWithinReach(reach, user, key('key_1', 'u-1'))).toBe(true);
    expect(isWithinReach(reach, user, key('key_1', 'u-2'))).toBe(false);
    expect(isWithinReach(reach, caller('internal_user'), key('key_1', null))).toBe(false);
  });

  test('a viewer sees every key and changes none', () => {
    const viewer = caller('proxy_admin_viewer');
    expect(assertMay(viewer, 'list')).toBe('any');
    expect(isWithinReach(assertMay(viewer, 'info'), viewer, key('key_9'))).toBe(true);
  });

  test('health is about the calling key, whoever calls', () => {
    expect(assertMay(caller('proxy_admin'), 'health')).toBe('self');
    expect(isWithinReach('none', caller('proxy_admin'), key('key_1'))).toBe(false);
  });
});
