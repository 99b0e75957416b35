import { describe, expect, test } from 'vitest';
import { createIpAllowList } from './ip-allow-list.ts';

const isAllowed = createIpAllowList(['10.0.0.0/8', '192.168.1.5', '2001:db8::/32']);

describe('the allow list', () => {
  test.each(['10.1.2.3', '192.168.1.5', '::ffff:192.168.1.5', '2001:db8::1'])('lets %s in', (ip) => {
    expect(isAllowed(ip)).toBe(true);
  });

  test.each(['11.0.0.1', '192.168.1.6', '::ffff:8.8.8.8', '2001:db9::1', 'localhost', ''])('keeps %j out', (ip) => {
    expect(isAllowed(ip)).toBe(false);
  });

  test.each(['example.org', '10.0.0.0/x', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/', '10.0.0.0/0x8', ''])(
    'does not take %j for an address',
    (entry) => {
      expect(() => createIpAllowList([entry])).toThrow(RangeError);
    },
  );
});
