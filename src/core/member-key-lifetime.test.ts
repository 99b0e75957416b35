import { expect, test } from 'vitest';
import { buildKey } from '../storage/__fixtures__/rows.ts';
import { DAY_MS } from './duration.ts';
import { boundMemberKey } from './member-key-lifetime.ts';

const NOW_MS = Date.UTC(2026, 3, 1);
const team = (duration: string | null) => ({ id: 't', metadata: { team_member_key_duration: duration } });
const after = (days: number): number => NOW_MS + days * DAY_MS;
const key = (expiresAtMs: number | null, userId: string | null = 'ada') => buildKey({ userId, expiresAtMs });

test.each([
  ['without an end gets the team’s', null, after(30)],
  ['that would end later by a default gets the team’s', after(90), after(30)],
  ['that would end earlier keeps its end', after(7), after(7)],
])('a key %s, where nobody asked', (_name, expiresAtMs, end) => {
  expect(boundMemberKey(key(expiresAtMs), false, team('30d'), NOW_MS).expiresAtMs).toBe(end);
});

test('what was asked for is kept up to the team’s, and refused beyond', () => {
  expect(boundMemberKey(key(after(30)), true, team('30d'), NOW_MS).expiresAtMs).toBe(after(30));
  for (const expiresAtMs of [after(30) + 1, null]) {
    expect(() => boundMemberKey(key(expiresAtMs), true, team('30d'), NOW_MS)).toThrow(
      expect.objectContaining({ status: 400, param: 'duration', message: expect.stringContaining('for 30d at most') }),
    );
  }
});

test.each([
  ['nobody’s', key(null, null), team('30d')],
  ['in no team', key(null), null],
  ['in a team that does not say', key(null), { id: 't', metadata: {} }],
  ['in a team that left it blank', key(null), team('')],
  ['in a team where it cannot be read', key(null), team('soon')],
])('a key that is %s is left alone', (_name, record, of) => {
  expect(boundMemberKey(record, false, of, NOW_MS)).toBe(record);
  expect(boundMemberKey(record, true, of, NOW_MS)).toBe(record);
});
