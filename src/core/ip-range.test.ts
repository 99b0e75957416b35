import { expect, test } from 'vitest';
import { isIpInRanges, isIpRangeWithin, parseIpRange } from './ip-range.ts';

test.each([
  ['10.0.0.0/8', '10.255.255.255', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.0.0.1', '::ffff:10.0.0.1', true],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['0.0.0.0/0', '::1', false],
])('%s holds %s: %s', (range, ip, held) => {
  expect(isIpInRanges([range], ip)).toBe(held);
});

test.each([
  '',
  'localhost',
  '10.0.0',
  '10.0.0.256',
  '10.0.0.0/33',
  '1::2::3',
  ':::',
  '::/129',
  '10.0.0.1/8/8',
  '01.2.3.4',
])('%j is no address', (text) => {
  expect(parseIpRange(text)).toBeNull();
  expect(isIpInRanges([text], '10.0.0.1')).toBe(false);
});

test('a range is within itself and a broader one, never within a narrower', () => {
  expect(isIpRangeWithin('10.1.0.0/16', '10.0.0.0/8')).toBe(true);
  expect(isIpRangeWithin('10.0.0.0/8', '10.1.0.0/16')).toBe(false);
  expect(isIpRangeWithin('::/0', '0.0.0.0/0')).toBe(false);
});
