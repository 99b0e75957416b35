import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const make = async (body: object = {}) => (await callGateway(gateway, 'POST /key/generate', { body })).body;
const statusOf = async (key: string) => (await callGateway(gateway, 'GET /models', { key })).status;

describe('POST /key/{key}/regenerate', () => {
  test('takes every address in the path, with and without a body, slashes too', async () => {
    for (const alias of ['plain', 'team/one/two', 'x'.repeat(250), 'with space', 'regenerate']) {
      const made = await make({ key_alias: alias });
      for (const address of [made.key, made.key_id, alias, encodeURIComponent(alias)]) {
        const before = (await callGateway(gateway, `GET /key/info?key=${made.key_id}`)).body.info;
        const path = encodeURI(address === made.key ? made.key_id : address);
        const url = address.includes('%') ? address : path;
        const { status, body } = await callGateway(gateway, `POST /key/${url}/regenerate`);
        expect(status, address).toBe(200);
        expect(body).toMatchObject({
          key_id: made.key_id,
          key_alias: alias,
          rotation_count: before.rotation_count + 1,
        });
        expect(await statusOf(body.key)).toBe(200);
      }
    }
  });

  test('takes a secret that holds slashes', async () => {
    const made = await make({ key: 'sk-with/slashes/in/it-01' });
    const { status, body } = await callGateway(gateway, `POST /key/${made.key}/regenerate`, { body: {} });
    expect({ status, key_id: body.key_id }).toEqual({ status: 200, key_id: made.key_id });
    expect(await statusOf(made.key)).toBe(401);
  });

  test('answers other paths as it answers unknown ones', async () => {
    expect(await callGateway(gateway, 'POST /key/no-such-verb', { body: 'no json at all' })).toMatchObject({
      status: 404,
      body: { detail: 'Not Found' },
    });
    expect((await callGateway(gateway, 'POST /key/info', { body: {} })).status).toBe(405);
  });
});

describe('POST /key/regenerate', () => {
  test('takes the key from the body and merges the rest as an update does', async () => {
    const made = await make({ max_budget: 3, rpm_limit: 4, spend: 1 });
    const { status, body } = await callGateway(gateway, 'POST /key/regenerate', {
      body: { key: made.key, max_budget: null, new_key: 'sk-chosen-by-client-2' },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ key: 'sk-chosen-by-client-2', max_budget: null, rpm_limit: 4, spend: 1 });
    expect(body.token).toBe(body.token_id);
    expect(body.token).not.toBe(made.token);
    expect(await statusOf(made.key)).toBe(401);
    expect(await statusOf(body.key)).toBe(200);
  });

  test('lets the old secret live for a grace period', async () => {
    const made = await make();
    const { body } = await callGateway(gateway, 'POST /key/regenerate', {
      body: { key: made.key, grace_period: '1h' },
    });
    expect([await statusOf(made.key), await statusOf(body.key)]).toEqual([200, 200]);
    await callGateway(gateway, 'POST /key/regenerate', { body: { key: made.key_id } });
    expect([await statusOf(made.key), await statusOf(body.key)]).toEqual([401, 401]);
  });

  test('with an idempotency-key happens once', async () => {
    const made = await make();
    const again = () =>
      callGateway(gateway, 'POST /key/regenerate', {
        body: { key: made.key },
        headers: { 'idempotency-key': 'rotate-once' },
      });
    const [first, second] = [await again(), await again()];
    expect(first).toMatchObject({ status: 200, body: { rotation_count: 1 } });
    expect(second.body).toEqual(first.body);
  });

  test('to the secret that the key has, or has just got from an identical request, changes nothing', async () => {
    const made = await make();
    const rotate = (newKey: string, headers: Record<string, string> = {}) =>
      callGateway(gateway, 'POST /key/regenerate', { body: { key: made.key_id, new_key: newKey }, headers });
    expect(await rotate(made.key)).toMatchObject({ status: 400, body: { error: { param: 'new_key' } } });
    expect(await statusOf(made.key)).toBe(200);

    const chosen = 'sk-chosen-by-several-at-once';
    const same = await Promise.all(Array.from({ length: 8 }, () => rotate(chosen, { 'idempotency-key': 'at-once' })));
    expect(same.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(same.map(({ body }) => body.rotation_count))).toEqual(new Set([1]));
    const others = await Promise.all(Array.from({ length: 8 }, () => rotate('sk-chosen-without-a-header')));
    expect(others.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)]);
  });

  test.each([
    [undefined, 400, 'key'],
    [{}, 400, 'key'],
    [{ key: 'sk-unknown-0123456789' }, 404, 'key'],
    [{ key: 'any', new_master_key: 'sk-new' }, 400, 'new_master_key'],
    [{ key: 5 }, 422, 'key'],
    [{ key: 'any', grace_period: 5 }, 422, 'grace_period'],
  ])('refuses %j with %i', async (body, status, param) => {
    expect(await callGateway(gateway, 'POST /key/regenerate', { body })).toMatchObject({
      status,
      body: { error: { param } },
    });
  });

  test('is not for the key itself', async () => {
    const { key } = await make();
    expect((await callGateway(gateway, 'POST /key/regenerate', { key, body: { key } })).status).toBe(401);
    expect((await callGateway(gateway, `POST /key/${key}/regenerate`, { key })).status).toBe(401);
    expect(await statusOf(key)).toBe(200);
  });
});
