import { describe, expect, it } from 'vitest';
import type { JsonObject } from './json.ts';
import { chooseDestinations, globalDestinations, ownDestinations, wantsOutcome } from './log-destination.ts';

const global = globalDestinations(['gcs_bucket', 'otel'], ['gcs_bucket'], null);
const key = (metadata: JsonObject) => ({ id: 'key_1', metadata });
const team = (metadata: JsonObject) => ({ id: 't1', metadata });
const logging = (name: string, vars: JsonObject = {}, type?: string): JsonObject => ({
  callback_name: name,
  callback_vars: vars,
  ...(type === undefined ? {} : { callback_type: type }),
});
const namesOf = (list: readonly { type: string }[]) => list.map(({ type }) => type);

describe('where the calls of a key are logged', () => {
  it('is where the key says, else where its team says, else where the configuration says', () => {
    const ofKey = key({ logging: [logging('langfuse')] });
    const ofTeam = team({ callback_settings: { success_callback: ['s3'], failure_callback: [], callback_vars: {} } });
    expect(namesOf(chooseDestinations(ofKey, ofTeam, global, null))).toEqual(['langfuse']);
    expect(namesOf(chooseDestinations(key({}), ofTeam, global, null))).toEqual(['s3']);
    expect(namesOf(chooseDestinations(key({}), team({}), global, null))).toEqual(['gcs_bucket', 'otel']);
    expect(chooseDestinations(null, null, global, null)).toBe(global);
  });

  it('is nowhere where the key or the team has switched it off', () => {
    const off = { callback_settings: { success_callback: [], failure_callback: [], callback_vars: {} } };
    expect(chooseDestinations(key({ logging: [] }), team({}), global, null)).toEqual([]);
    expect(chooseDestinations(key({}), team(off), global, null)).toEqual([]);
  });

  it('keeps two destinations of one type with different credentials apart', () => {
    const list = [
      logging('langfuse', { langfuse_secret_key: 'sk-a' }),
      logging('langfuse', { langfuse_secret_key: 'sk-b' }),
    ];
    const [one, two] = ownDestinations('key', key({ logging: list }), null) ?? [];
    expect(one?.id).not.toBe(two?.id);
    expect(one?.id).not.toContain('sk-a');
    expect(ownDestinations('key', key({ logging: list }), null)?.[0]?.id).toBe(one?.id);
  });

  it('says which of a type each is, one that has an entry for each outcome being one', () => {
    const list = [
      logging('a', { x: '1' }, 'success'),
      logging('b'),
      logging('a', { x: '1' }, 'failure'),
      logging('a', { x: '2' }),
    ];
    const found = ownDestinations('key', key({ logging: list }), null) ?? [];
    expect(found.map(({ type, place }) => `${type}${place}`)).toEqual(['a0', 'b0', 'a0', 'a1']);
  });

  it('asks for both outcomes where nothing is said, and for the one that is said otherwise', () => {
    const list = [
      logging('a'),
      logging('b', {}, 'success_and_failure'),
      logging('c', {}, 'success'),
      logging('d', {}, 'failure'),
    ];
    const found = ownDestinations('key', key({ logging: list }), null) ?? [];
    expect(found.map(({ outcome }) => outcome)).toEqual(['both', 'both', 'success', 'failure']);
    expect(found.map((one) => wantsOutcome(one, 'success'))).toEqual([true, true, true, false]);
    expect(found.map((one) => wantsOutcome(one, 'aborted'))).toEqual([true, true, false, true]);
    expect(global.map(({ outcome }) => outcome)).toEqual(['both', 'success']);
  });

  it('leaves out entries that make no sense', () => {
    expect(ownDestinations('key', key({ logging: ['x', { callback_vars: {} }, logging('a')] }), null)).toHaveLength(1);
    expect(ownDestinations('key', key({ logging: 'x' }), null)).toBeUndefined();
  });

  it('gives content only to destinations that ask for it, unless the configuration says otherwise', () => {
    const redacts = (own: string | undefined, rule: boolean | null) => {
      const vars: JsonObject = own === undefined ? {} : { turn_off_message_logging: own };
      return ownDestinations('key', key({ logging: [logging('a', vars)] }), rule)?.[0]?.redactContent;
    };
    expect(redacts(undefined, null)).toBe(true);
    expect(redacts('false', null)).toBe(false);
    expect(redacts('true', null)).toBe(true);
    expect(redacts(undefined, true)).toBe(false);
    expect(redacts('true', true)).toBe(true);
    expect(redacts('false', false)).toBe(true);
  });
});
