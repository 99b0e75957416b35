/** What an alias may be. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let free: TestApp;
let strict: TestApp;
beforeAll(async () => {
  free = await startTestApp();
  strict = await startTestApp({ config: 'litellm_settings: {enable_key_alias_format_validation: true}' });
});
afterAll(() => Promise.all([free.close(), strict.close()]));

const generate = (gateway: TestApp, key_alias: string) =>
  callGateway(gateway, 'POST /key/generate', { body: { key_alias } });
const update = (gateway: TestApp, body: object) => callGateway(gateway, 'POST /key/update', { body });
const refusal = (text: string) => ({
  status: 400,
  body: { error: { param: 'key_alias', message: expect.stringContaining(text) } },
});

describe('an alias', () => {
  test.each(['../admin', 'a/../b', 'a\\..', '..'])('is not %j', async (alias) => {
    expect(await generate(free, alias)).toMatchObject(refusal('Invalid key_alias'));
    const { key } = (await callGateway(free, 'POST /key/generate', { body: {} })).body;
    for (const act of ['update', 'regenerate']) {
      const answer = await callGateway(free, `POST /key/${act}`, { body: { key, key_alias: alias } });
      expect(answer, act).toMatchObject(refusal('Invalid key_alias'));
    }
  });

  test.each(['a\nb', 'a\u0000b'])('has no control characters: %j', async (alias) => {
    expect(await generate(free, alias)).toMatchObject(refusal('key_alias'));
  });

  test.each(['a..b', 'team/prod.eu', 'ärger & söhne', 'x'])('is %j', async (alias) => {
    expect((await generate(free, alias)).body).toMatchObject({ key_alias: alias });
  });
});

describe('with enable_key_alias_format_validation, an alias', () => {
  test.each(['x', '-ab', 'ab-', 'a b', 'ärger', `a${'b'.repeat(255)}`])('is not %j', async (alias) => {
    expect(await generate(strict, alias)).toMatchObject(refusal('Invalid key_alias format'));
  });

  test.each(['ab', 'a-b_c/d.e@f', `a${'b'.repeat(254)}`])('is %j', async (key_alias) => {
    const { status, body } = await generate(strict, key_alias);
    expect([status, body.key_alias]).toEqual([200, key_alias]);
    expect((await update(strict, { key: body.key, key_alias, rpm_limit: 1 })).status).toBe(200);
    expect(await update(strict, { key: body.key, key_alias: 'not this one!' })).toMatchObject(
      refusal('Invalid key_alias format'),
    );
  });

  test('may be none', async () => {
    expect((await callGateway(strict, 'POST /key/generate', { body: { key_alias: null } })).status).toBe(200);
  });
});
