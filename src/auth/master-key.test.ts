import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../core/key-secret.ts';
import { createMasterKeyCheck } from './master-key.ts';

const one = sha256Hex('one');
const two = sha256Hex('two');

describe('the master key check', () => {
  test('knows each key in force and no other', () => {
    const check = createMasterKeyCheck([one, two]);
    expect([one, two, sha256Hex('three')].map((hash) => check.isMasterKeyHash(hash))).toEqual([true, true, false]);
  });

  test('knows nobody when there is none', () => {
    expect(createMasterKeyCheck([]).isMasterKeyHash(one)).toBe(false);
  });

  test('forgets a replaced key at once', () => {
    const check = createMasterKeyCheck([one]);
    check.replace([two]);
    expect([check.isMasterKeyHash(one), check.isMasterKeyHash(two)]).toEqual([false, true]);
  });

  test('cannot be set up with something that is not a digest', () => {
    expect(() => createMasterKeyCheck(['sk-plain'])).toThrow(RangeError);
  });
});
