import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Roster } from './roster.ts';

const member = (name: number) => ({ name, rosterIndex: -1 });

describe('a roster', () => {
  test('has whoever was added and not removed since, in whatever order they come and go', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(9)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (list) => {
        const members = Array.from({ length: 10 }, (_, name) => member(name));
        const roster = new Roster<(typeof members)[number]>();
        const expected = new Set<(typeof members)[number]>();
        for (const [adds, name] of list) {
          const one = members[name]!;
          if (adds && !expected.has(one)) {
            roster.add(one);
            expected.add(one);
          } else if (!adds) {
            expect(roster.remove(one)).toBe(expected.delete(one));
          }
          expect(roster.size).toBe(expected.size);
          expect(new Set(roster.list())).toEqual(expected);
          for (const other of members) expect(roster.has(other)).toBe(expected.has(other));
        }
      }),
    );
  });

  test('does not take one for another that stood in the same place of another roster', () => {
    const [here, there] = [new Roster<{ rosterIndex: number }>(), new Roster<{ rosterIndex: number }>()];
    const [mine, theirs] = [{ rosterIndex: -1 }, { rosterIndex: -1 }];
    here.add(mine);
    there.add(theirs);
    expect(here.has(theirs)).toBe(false);
    expect(here.remove(theirs)).toBe(false);
    expect(here.size).toBe(1);
  });

  test('can lose members while its list is read', () => {
    const roster = new Roster<ReturnType<typeof member>>();
    for (let name = 0; name < 5; name += 1) roster.add(member(name));
    for (const one of roster.list()) roster.remove(one);
    expect(roster.size).toBe(0);
  });
});
