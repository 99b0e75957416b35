import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const make = async (body: object = {}) => (await callGateway(gateway, 'POST /key/generate', { body })).body;
const update = (body: unknown) => callGateway(gateway, 'POST /key/update', { body });

describe('POST /key/update', () => {
  test('keeps what is absent, clears what is null, sets what is given, 0 and [] included', async () => {
    const { key } = await make({ max_budget: 5, rpm_limit: 3, tpm_limit: 9, models: ['gpt-4'], metadata: { a: 1 } });
    const first = await update({ key, max_budget: null, rpm_limit: 0 });
    expect(first).toMatchObject({
      status: 200,
      body: { key, max_budget: null, rpm_limit: 0, tpm_limit: 9, models: ['gpt-4'], metadata: { a: 1 } },
    });
    const second = await update({ key, models: [], metadata: {} });
    expect(second.body).toMatchObject({ models: [], metadata: {} });
    expect((await update({ key })).body).toMatchObject({ ...second.body, updated_at: expect.any(String) });
  });

  test.each([{ test: 'new' }, {}])('returns the metadata that was sent: %j', async (metadata) => {
    const { key } = await make({ metadata: { test: 'old' }, tags: ['t'] });
    expect((await update({ key, metadata })).body.metadata).toEqual(metadata);
  });

  test('puts model limits into the metadata that comes with them', async () => {
    const { key } = await make({ metadata: { old: 1 } });
    const { body } = await update({ key, metadata: { mine: 1 }, model_rpm_limit: { 'gpt-4': 2 }, tags: ['t'] });
    expect(body.metadata).toEqual({ mine: 1, model_rpm_limit: { 'gpt-4': 2 }, tags: ['t'] });
  });

  test('takes rates beside the budget of a model for limits of that model', async () => {
    const budget = { budget_limit: 5, time_period: '1d' };
    const { key } = await make({ model_rpm_limit: { 'gpt-4': 7 } });
    await update({ key, model_max_budget: { 'mock-gpt': { ...budget, rpm_limit: 1 } } });
    const { body } = await callGateway(gateway, `GET /key/info?key=${key}`);
    expect(body.info.metadata.model_rpm_limit).toEqual({ 'gpt-4': 7, 'mock-gpt': 1 });
    const call = () =>
      callGateway(gateway, 'POST /chat/completions', {
        key,
        body: { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }] },
      });
    expect([(await call()).status, (await call()).status]).toEqual([200, 429]);
  });

  test('with another duration of a model’s budget leaves a model that is over it over it', async () => {
    const budget = (time_period?: string) => ({ 'mock-gpt': { budget_limit: 0.000001, time_period } });
    const { key } = await make({ model_max_budget: budget('1d') });
    const messages = [{ role: 'user', content: 'hi' }];
    const call = () =>
      callGateway(gateway, 'POST /v1/chat/completions', { key, body: { model: 'mock-gpt', messages } });
    expect((await call()).status).toBe(200);
    for (const duration of ['1d', '1mo', undefined, '7d']) {
      expect((await update({ key, model_max_budget: budget(duration) })).status).toBe(200);
      expect(await call(), duration).toMatchObject({ status: 400, body: { error: { type: 'budget_exceeded' } } });
    }
    expect((await update({ key, model_max_budget: { 'mock-gpt': 1 } })).status).toBe(200);
    expect((await call()).status).toBe(200);
  });

  test('echoes the key as it was passed, and shows its hash', async () => {
    const made = await make({ key_alias: 'as-passed' });
    for (const key of [made.key, made.token, made.key_id, 'as-passed']) {
      expect((await update({ key })).body).toMatchObject({ key, token: made.token, key_id: made.key_id });
    }
  });

  test('with a duration of nothing ends the key now, and with null lets it live again', async () => {
    const { key } = await make({ duration: '1h' });
    const call = () => callGateway(gateway, 'GET /v1/models', { key });
    expect((await call()).status).toBe(200);
    expect((await update({ key, duration: '0s' })).status).toBe(200);
    expect(await call()).toMatchObject({ status: 401, body: { error: { type: 'expired_key' } } });
    expect((await callGateway(gateway, `GET /key/info?key=${key}`)).body.info.status).toBe('expired');
    expect((await update({ key, duration: null })).body.expires).toBeNull();
    expect((await call()).status).toBe(200);
    expect(await callGateway(gateway, 'POST /key/generate', { body: { duration: '0s' } })).toMatchObject({
      status: 400,
      body: { error: { param: 'duration' } },
    });
  });

  test('clears the reset time with the budget duration, and leaves it alone otherwise', async () => {
    const { key, budget_reset_at } = await make({ max_budget: 1, budget_duration: '1mo' });
    expect((await update({ key, rpm_limit: 1 })).body).toMatchObject({ budget_reset_at });
    expect((await update({ key, budget_duration: null })).body).toMatchObject({
      budget_duration: null,
      budget_reset_at: null,
    });
  });

  test('sets the spend that info shows and enforcement uses', async () => {
    const { key } = await make({ max_budget: 1 });
    expect((await update({ key, spend: 2 })).body.spend).toBe(2);
    const chat = { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }] };
    const refused = await callGateway(gateway, 'POST /chat/completions', { key, body: chat });
    expect(refused).toMatchObject({ status: 400, body: { error: { type: 'budget_exceeded' } } });
    expect((await update({ key, budget_duration: '1d' })).body.spend).toBe(2);
    expect((await callGateway(gateway, 'POST /chat/completions', { key, body: chat })).status).toBe(400);
    expect((await update({ key, spend: 0 })).body.spend).toBe(0);
    expect((await callGateway(gateway, 'POST /chat/completions', { key, body: chat })).status).toBe(200);
  });

  test('finds a key by its alias alone', async () => {
    const { token } = await make({ key_alias: 'only/alias' });
    expect(await update({ key_alias: 'only/alias', rpm_limit: 4 })).toMatchObject({
      status: 200,
      body: { key: token, key_alias: 'only/alias', rpm_limit: 4 },
    });
    expect(await update({ key_alias: 'no-such-alias', rpm_limit: 4 })).toMatchObject({ status: 404 });
    const { body } = await callGateway(gateway, 'POST /key/bulk_update', {
      body: { keys: [{ key_alias: 'only/alias', rpm_limit: 5 }, { key_alias: 'no-such-alias' }] },
    });
    expect(body).toMatchObject({
      successful_updates: [{ key: 'only/alias', key_info: { rpm_limit: 5 } }],
      failed_updates: [{ key: 'no-such-alias', key_info: null }],
    });
  });

  test('wants its key, and both halves of a temporary increase', async () => {
    for (const nameless of [{}, { key: '', key_alias: '' }, { key: null, key_alias: null }]) {
      expect(await update(nameless)).toMatchObject({
        status: 400,
        body: { error: { param: 'key', message: expect.stringContaining('either key or key_alias must be provided') } },
      });
    }
    const { key } = await make();
    expect(await update({ key, temp_budget_increase: 1 })).toMatchObject({
      status: 422,
      body: { error: { param: 'temp_budget_expiry' } },
    });
    const both = { temp_budget_increase: 1, temp_budget_expiry: '2030-01-01T00:00:00Z' };
    expect((await update({ key, ...both })).body.metadata).toEqual(both);
  });

  test('refuses an unknown key, a taken alias and senseless values', async () => {
    const unknown = await update({ key: 'sk-unknown-0123456789' });
    expect(unknown).toMatchObject({ status: 404, body: { error: { type: 'not_found_error', param: 'key' } } });
    expect(JSON.stringify(unknown.body)).not.toContain('sk-unknown');
    await make({ key_alias: 'taken-alias' });
    const { key } = await make();
    expect(await update({ key, key_alias: 'taken-alias' })).toMatchObject({
      status: 400,
      body: { error: { param: 'key_alias' } },
    });
    expect(await update({ key, duration: '5 minutes' })).toMatchObject({
      status: 400,
      body: { error: { param: 'duration', message: expect.stringContaining('Unsupported duration unit') } },
    });
  });

  test('of fifty at once wanting one alias, lets one have it', async () => {
    const keys = await Promise.all(Array.from({ length: 50 }, () => make()));
    const answers = await Promise.all(keys.map(({ key }) => update({ key, key_alias: 'wanted' })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 400)).toHaveLength(49);
  });
});
