import { expect, test } from 'vitest';
import { createAuditSeal } from './audit-seal.ts';
import { allSalts, saltKeyId } from './salt-keys.ts';

test('an id names a salt key and is the same each time', () => {
  expect(saltKeyId('a salt')).toMatch(/^[0-9a-f]{16}$/);
  expect(saltKeyId('a salt')).toBe(saltKeyId('a salt'));
  expect(saltKeyId('a salt')).not.toBe(saltKeyId('another'));
  expect(allSalts({ current: 'b', earlier: ['a'] })).toEqual(['b', 'a']);
});

test('a seal accepts what an earlier salt key has vouched for, and vouches with the current one', () => {
  const [before, now] = [createAuditSeal('a'), createAuditSeal('b', ['a'])];
  expect(now.isRowMac(before.rowMac('h'), 'h')).toBe(true);
  expect(now.isHeadMac(before.headMac(3, 'h'), 3, 'h')).toBe(true);
  expect(now.isHeadMac(before.headMac(3, 'h'), 4, 'h')).toBe(false);
  expect(now.isRowMac(before.headMac(3, 'h'), 'h')).toBe(false);
  expect(now.isForeign(before.rowMac('h'))).toBe(false);
  expect(now.rowMac('h')).toBe(createAuditSeal('b').rowMac('h'));
  expect(before.isForeign(now.rowMac('h'))).toBe(true);
  expect(now.isForeign(createAuditSeal('c').rowMac('h'))).toBe(true);
});
