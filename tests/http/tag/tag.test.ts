import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const post = (path: string, body: object, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });

describe('a tag', () => {
  test('is registered with a budget, listed, and found by name', async () => {
    const { status, body } = await post('/tag/new', { name: 'ci', description: 'CI jobs', max_budget: 5 });
    expect(status).toBe(200);
    const row = {
      name: 'ci',
      description: 'CI jobs',
      spend: 0,
      max_budget: 5,
      litellm_budget_table: { max_budget: 5 },
    };
    expect(body).toMatchObject({ message: 'Tag ci created successfully', tag: row });
    expect((await callGateway(gateway, 'GET /tag/list')).body).toContainEqual(expect.objectContaining({ name: 'ci' }));
    expect((await post('/tag/info', { names: ['ci'] })).body).toMatchObject({ ci: row });
    const again = await post('/tag/new', { name: 'ci' });
    expect([again.status, again.body.error.param]).toEqual([400, 'name']);
  });

  test('is changed field by field and deleted', async () => {
    await post('/tag/new', { name: 'changing', max_budget: 1, description: 'x' });
    const { body } = await post('/tag/update', { name: 'changing', max_budget: null });
    expect(body.tag).toMatchObject({ max_budget: null, description: 'x' });
    expect((await post('/tag/delete', { name: 'changing' })).body.message).toBe('Tag changing deleted successfully');
    expect((await post('/tag/delete', { name: 'changing' })).status).toBe(404);
    expect((await post('/tag/info', { names: ['changing'] })).status).toBe(404);
    expect((await post('/tag/update', { name: 'changing' })).status).toBe(404);
  });

  test('that calls carry is listed although nobody registered it', async () => {
    const messages = [{ role: 'user', content: 'Hi' }];
    await post('/chat/completions', { model: 'mock-gpt', messages, metadata: { tags: ['only-in-calls'] } });
    await expect
      .poll(async () => (await callGateway(gateway, 'GET /tag/list')).body)
      .toContainEqual(
        expect.objectContaining({
          name: 'only-in-calls',
          created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
          updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        }),
      );
  });

  test('is for administrators', async () => {
    const { body } = await post('/key/generate', {});
    for (const act of ['new', 'update', 'delete', 'info'])
      expect((await post(`/tag/${act}`, { name: 'x', names: ['x'] }, body.key)).status, act).toBe(401);
  });
});
