import { describe, expect, test } from 'vitest';
import type { Caller } from './caller.ts';
import { checkEnforcedParams, isParamName, refuseMissingParam } from './enforced-params.ts';
import type { JsonObject } from './json.ts';

const MESSAGE = (text: string) => `BadRequest please pass param=${text} in request body. This is a required param`;

function caller(ofKey: JsonObject, ofTeam: JsonObject | null = null): Pick<Caller, 'key' | 'path'> {
  const team = ofTeam === null ? null : { id: 'crew', metadata: ofTeam };
  return { key: { keyId: 'key_1', metadata: ofKey }, path: { team } } as unknown as Caller;
}

const refused = (names: string[], body: Record<string, unknown>, model: string | null = null) =>
  refuseMissingParam(null, caller({ enforced_params: names }), { body, model });

describe('a field that has to be there', () => {
  test.each<[string, object, string]>([
    ['user', {}, 'user'],
    ['user', { user: null }, 'user'],
    ['toString', {}, 'toString'],
    ['metadata.generation_name', {}, 'metadata'],
    ['metadata.generation_name', { metadata: null }, 'metadata'],
    ['metadata.generation_name', { metadata: {} }, '[metadata][generation_name]'],
    ['metadata.generation_name', { metadata: 'generation_name' }, '[metadata][generation_name]'],
    ['metadata.generation_name', { metadata: ['generation_name'] }, '[metadata][generation_name]'],
    ['metadata.a.b', { metadata: { a: { c: 1 } } }, '[metadata][a][b]'],
    ['model', {}, 'model'],
  ])('%s is missing in %j', (name, body, shown) => {
    const error = refused([name], body as Record<string, unknown>);
    expect(error).toMatchObject({ code: 'bad_request', status: 400, param: name });
    expect(error?.message).toContain(MESSAGE(shown));
    expect(error?.message).toContain(`enforced_params of this key has '${name}'`);
  });

  test.each<[string, object]>([
    ['user', { user: '' }],
    ['user', { user: 0 }],
    ['metadata', { metadata: {} }],
    ['metadata.generation_name', { metadata: { generation_name: 'x' } }],
    ['metadata.generation_name', { metadata: '{"generation_name": "x"}' }],
    ['metadata.a.b', { metadata: { a: { b: false } } }],
  ])('%s is there in %j', (name, body) => {
    expect(refused([name], body as Record<string, unknown>)).toBeUndefined();
  });

  test('may be the model of the path', () => {
    expect(refused(['model'], {}, 'gpt-4')).toBeUndefined();
  });

  test('is looked for as well after others that are there', () => {
    expect(refused(['user', 'tags'], { user: 'ada' })?.param).toBe('tags');
  });
});

describe('lists', () => {
  const config = { ofAll: ['user'], ofServiceAccounts: ['metadata.job'] };
  const CALL = { body: {}, model: 'm' };

  test('of the configuration, of service accounts, of key and team all hold, in that order', () => {
    const robot = caller({ enforced_params: ['seed'], service_account_id: 'robot' }, { enforced_params: ['stop'] });
    const found = checkEnforcedParams(config, robot, CALL);
    expect(found.map(({ owner, refusal }) => [owner, refusal?.param])).toEqual([
      [null, 'user'],
      [null, 'metadata.job'],
      ['key key_1', 'seed'],
      ['team crew', 'stop'],
    ]);
    const body = { user: 'ada', metadata: { job: 1 }, seed: 1 };
    expect(refuseMissingParam(config, robot, { ...CALL, body })?.message).toContain('enforced_params of Team=crew');
    expect(refuseMissingParam(config, robot, { ...CALL, body: { ...body, stop: 'x' } })).toBeUndefined();
  });

  test('of service accounts are for nobody else', () => {
    expect(checkEnforcedParams(config, caller({}), CALL).map(({ refusal }) => refusal?.param)).toEqual(['user']);
    const master = { key: null, path: { team: null } } as unknown as Caller;
    expect(refuseMissingParam(config, master, CALL)?.param).toBe('user');
  });

  test.each(['user', { user: 1 }, 7, null, ['', 5]])('that are none enforce nothing: %j', (list) => {
    expect(refuseMissingParam(null, caller({ enforced_params: list }), CALL)).toBeUndefined();
    expect(checkEnforcedParams(null, caller({ enforced_params: list }), CALL)).toEqual([]);
  });
});

test.each(['', ' ', '.', 'a.', '.a', 'a..b', 'x'.repeat(257), 5, null])('%j names no field', (name) => {
  expect(isParamName(name)).toBe(false);
});
