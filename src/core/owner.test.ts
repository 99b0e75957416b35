import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memberNames, memberRef } from './owner.ts';

test('a member of a team is named by both names, whatever is in them', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(name, name, (teamId, userId) => {
      expect(memberNames(memberRef(teamId, userId).id)).toEqual({ teamId, userId });
    }),
  );
});
