import { describe, expect, test } from 'vitest';
import { refuseKey, unknownKeyError } from './key-standing.ts';

const NOW = 1_800_000_000_000;
const HASH = 'a'.repeat(64);
const key = { blocked: null, expiresAtMs: null, deletedAtMs: null, mask: 'sk-...abcd' };
const secret = { hash: HASH, revokedAtMs: null };

describe('a key', () => {
  test.each([
    ['without an end is good', key, secret],
    ['that was unblocked is good', { ...key, blocked: false }, secret],
    ['is good up to the last millisecond before its expiry', { ...key, expiresAtMs: NOW + 1 }, secret],
    ['is good during the grace period of an old secret', key, { ...secret, revokedAtMs: NOW + 1 }],
  ])('%s', (_name, record, presented) => {
    expect(refuseKey(record, presented, NOW)).toBeUndefined();
  });

  test.each([
    ['expired at the very moment', { ...key, expiresAtMs: NOW }, secret, 'key_expired', 401, 'expired_key'],
    ['blocked', { ...key, blocked: true }, secret, 'authentication', 401, 'auth_error'],
    ['deleted', { ...key, deletedAtMs: 1 }, secret, 'key_unknown', 401, 'token_not_found_in_db'],
    ['of a revoked secret', key, { ...secret, revokedAtMs: NOW }, 'key_unknown', 401, 'token_not_found_in_db'],
  ])('%s is refused', (_name, record, presented, code, status, type) => {
    expect(refuseKey(record, presented, NOW)).toMatchObject({ code, status, type });
  });

  test('blocked and expired is called blocked, which its owner can have undone', () => {
    expect(refuseKey({ ...key, blocked: true, expiresAtMs: 1 }, secret, NOW)?.message).toContain('Key is blocked');
  });

  test('deleted and blocked looks like any unknown one', () => {
    const refusal = refuseKey({ ...key, blocked: true, deletedAtMs: 1 }, secret, NOW);
    expect(refusal?.message).toBe(unknownKeyError(HASH).message);
  });

  test('expired names the key by its mask, and by no more where masks are off', () => {
    expect(refuseKey({ ...key, expiresAtMs: NOW }, secret, NOW)?.param).toBe('sk-...abcd');
    expect(refuseKey({ ...key, expiresAtMs: NOW, mask: null }, secret, NOW)?.param).toBe('sk-...');
  });

  test('expired says when it expired and what time it is', () => {
    expect(refuseKey({ ...key, expiresAtMs: NOW - 1_000 }, secret, NOW)?.message).toBe(
      'Authentication Error - Expired Key. Key Expiry time 2027-01-15T07:59:59.000Z and current time 2027-01-15T08:00:00.000Z',
    );
  });
});
