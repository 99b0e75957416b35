import { describe, expect, it } from 'vitest';
import type { Caller } from './caller.ts';
import type { JsonObject } from './json.ts';
import { globalDestinations } from './log-destination.ts';
import { createLogRoutes } from './log-route.ts';

const caller = (key: JsonObject | null, team: JsonObject | null) =>
  ({
    key: key === null ? null : { keyId: 'key_1', metadata: key },
    path: { team: team === null ? null : { id: 't1', metadata: team } },
  }) as unknown as Caller;
const settings = (...names: string[]) => ({ callback_settings: { success_callback: names, callback_vars: {} } });
const routes = createLogRoutes({
  global: globalDestinations(['file'], [], null),
  content: null,
  teamDefaults: new Map([['t1', settings('from-config')]]),
});
const typesOf = (one: Caller) => routes(one)?.destinations.map(({ type }) => type);

describe('the log route of a caller', () => {
  it('is worked out once for a key and its team, and anew when either changes', () => {
    const one = caller({ logging: [{ callback_name: 'a' }] }, {});
    expect(routes(one)).toBe(routes(one));
    const changed = {
      ...one,
      key: { ...one.key, metadata: { logging: [{ callback_name: 'b' }] } },
    } as unknown as Caller;
    expect(typesOf(changed)).toEqual(['b']);
    const plain = caller({}, settings('c'));
    expect(typesOf(plain)).toEqual(['c']);
    const moved = { ...plain, path: { team: { id: 't2', metadata: settings('d') } } } as unknown as Caller;
    expect(typesOf(moved)).toEqual(['d']);
  });

  it('is that of the configured team where the team says nothing itself', () => {
    expect(typesOf(caller({}, {}))).toEqual(['from-config']);
    expect(typesOf(caller({}, settings()))).toBeUndefined();
  });

  it('is the global one for whoever has neither key nor team, and nowhere where all is switched off', () => {
    expect(typesOf(caller(null, null))).toEqual(['file']);
    expect(routes(caller({ logging: [] }, null))).toBeNull();
  });

  it('has a destination once that is named more than once, for all outcomes that are asked for', () => {
    const entry = (type: string, x: string, outcome: string) => ({
      callback_name: type,
      callback_vars: { x },
      callback_type: outcome,
    });
    const logging = [
      entry('a', '1', 'success'),
      entry('b', '1', 'failure'),
      entry('a', '1', 'failure'),
      entry('b', '1', 'failure'),
      entry('a', '2', 'success'),
      entry('a', '2', 'success_and_failure'),
    ];
    const found = routes(caller({ logging }, null))?.destinations.map(({ type, outcome, vars }) => [
      type,
      vars.x,
      outcome,
    ]);
    expect(found).toEqual([
      ['a', '1', 'both'],
      ['b', '1', 'failure'],
      ['a', '2', 'both'],
    ]);
  });

  it('asks for content only where a destination gets it', () => {
    expect(routes(caller(null, null))?.wantsContent).toBe(false);
    const vars = { turn_off_message_logging: 'false' };
    expect(routes(caller({ logging: [{ callback_name: 'a', callback_vars: vars }] }, null))?.wantsContent).toBe(true);
  });
});
