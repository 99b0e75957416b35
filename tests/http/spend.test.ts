import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

/** Noon, so that an hour more is the same day. */
const NOW = Date.UTC(2026, 10, 23, 12);
const clock = { nowMs: NOW };

let gateway: TestApp;
// biome-ignore lint/suspicious/noExplicitAny: replies of the management API, looked into member by member
let ada: any;
// biome-ignore lint/suspicious/noExplicitAny: as above
let bob: any;
const answers: { id: string; cost: number }[] = [];

async function chat(key: string, tags: string[] = []) {
  clock.nowMs += 1_000;
  const { status, headers, body } = await callGateway(gateway, 'POST /v1/chat/completions', {
    key,
    body: { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }], metadata: { tags } },
  });
  expect(status).toBe(200);
  return { id: body.id as string, cost: Number(headers['x-litellm-response-cost']) };
}

beforeAll(async () => {
  gateway = await startTestApp({ nowMs: () => clock.nowMs });
  await callGateway(gateway, 'POST /organization/new', {
    body: { organization_id: 'org-1', organization_alias: 'org-1' },
  });
  const make = async (body: object) => (await callGateway(gateway, 'POST /key/generate', { body })).body;
  ada = await make({ key_alias: 'ada', team_id: 'team-1', organization_id: 'org-1', user_id: 'ada' });
  bob = await make({ key_alias: 'bob' });
  answers.push(await chat(ada.key, ['blue']), await chat(ada.key), await chat(bob.key, ['blue', 'red']));
});
afterAll(() => gateway.close());

const get = (path: `/${string}`, key?: string) => callGateway(gateway, `GET ${path}`, key === undefined ? {} : { key });
const sumOf = (rows: { spend: number }[]) => rows.reduce((sum, { spend }) => sum + spend, 0);
const total = () => answers.reduce((sum, { cost }) => sum + cost, 0);

describe('GET /spend/logs', () => {
  test('holds every answered call at once, newest first, and says how many there are', async () => {
    const { body, headers } = await get('/spend/logs');
    expect(body).toHaveLength(3);
    expect(body[0].startTime > body[2].startTime).toBe(true);
    expect(sumOf(body)).toBeCloseTo(total(), 12);
    expect(headers['x-latchkey-total-rows']).toBe('3');
  });

  test('finds a call by the id of its response, with the key’s names in its metadata', async () => {
    const { body } = await get(`/spend/logs?request_id=${answers[0]?.id}`);
    expect(body).toMatchObject([
      {
        request_id: answers[0]?.id,
        response_id: answers[0]?.id,
        api_key: ada.token,
        model: 'mock-gpt',
        status: 'success',
        call_type: 'acompletion',
        request_tags: ['blue'],
        metadata: {
          user_api_key: ada.token,
          user_api_key_alias: 'ada',
          user_api_key_team_id: 'team-1',
          user_api_key_org_id: 'org-1',
        },
      },
    ]);
    expect(body[0].total_tokens).toBe(body[0].prompt_tokens + body[0].completion_tokens);
    expect(body[0].spend).toBeCloseTo(answers[0]?.cost as number, 12);
    const again = await get(`/spend/logs?request_id=${body[0].litellm_call_id}`);
    expect(again.body).toEqual(body);
  });

  test('finds the calls of a key by any of its names', async () => {
    for (const name of [ada.key, ada.token, ada.key_id, 'ada']) {
      expect((await get(`/spend/logs?api_key=${name}`)).body).toHaveLength(2);
    }
    expect((await get('/spend/logs?api_key=sk-unknown-0123456789')).body).toEqual([]);
    expect((await get('/spend/logs?user_id=ada')).body).toHaveLength(2);
  });

  test('with dates adds up by day', async () => {
    const { body } = await get('/spend/logs?start_date=2026-11-23&end_date=2026-11-24');
    expect(body).toHaveLength(1);
    expect(body[0]).toMatchObject({ startTime: '2026-11-23', users: expect.any(Object) });
    expect(body[0].spend).toBeCloseTo(total(), 12);
    expect(body[0].models['mock-gpt']).toBeCloseTo(total(), 12);
    expect(body[0][bob.token]).toBeCloseTo(answers[2]?.cost as number, 12);
    expect((await get('/spend/logs?start_date=2026-11-20&end_date=2026-11-22')).body).toEqual([]);
  });

  test('with dates and summarize=false is the calls', async () => {
    const { body } = await get('/spend/logs?start_date=2026-11-23&end_date=2026-11-23&summarize=false');
    expect(body).toHaveLength(3);
    expect(body[0]).toHaveProperty('request_id');
  });

  test('shows a key its own calls, whatever it asks for', async () => {
    expect((await get('/spend/logs', bob.key)).body).toHaveLength(1);
    expect((await get(`/spend/logs?api_key=${ada.token}`, bob.key)).body).toEqual([]);
    expect((await get(`/spend/logs?request_id=${answers[0]?.id}`, bob.key)).body).toEqual([]);
  });

  test.each(['start_date=yesterday', 'end_date=2026-02-30', 'start_date=2026-11-24&end_date=2026-11-23'])(
    'refuses ?%s',
    async (query) => {
      const { status, body } = await get(`/spend/logs?${query}`);
      expect([status, body.error.type]).toEqual([400, 'bad_request_error']);
    },
  );
});

describe('GET /spend/logs/v2', () => {
  const dates = 'start_date=2026-11-23 00:00:00&end_date=2026-11-23 23:59:59'.replaceAll(' ', '%20');

  test.each(['/spend/logs/v2', '/spend/logs/ui'] as const)('%s comes in pages', async (path) => {
    const { body } = await get(`${path}?${dates}&page_size=2`);
    expect(body).toMatchObject({ total: 3, page: 1, page_size: 2, total_pages: 2 });
    const rest = await get(`${path}?${dates}&page_size=2&page=2`);
    const ids = [...body.data, ...rest.body.data].map(({ request_id: id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  test('filters', async () => {
    const count = async (filter: string) => (await get(`/spend/logs/v2?${dates}&${filter}`)).body.total;
    expect(await count('api_key=ada')).toBe(2);
    expect(await count('tag=red')).toBe(1);
    expect(await count('team_id=team-1')).toBe(2);
    expect(await count('status_filter=failure')).toBe(0);
    expect(await count('min_spend=100')).toBe(0);
    expect(await count('max_spend=100')).toBe(3);
  });

  test.each(['', 'start_date=2026-11-23%2000:00:00'])('without both dates (?%s) is 400', async (query) => {
    const { status, body } = await get(`/spend/logs/v2?${query}`);
    expect([status, body.error.type]).toEqual([400, 'bad_request']);
  });

  test.each(['page=0', 'page_size=0', 'page_size=101', 'page=x'])('out of bounds (?%s) is 422', async (query) => {
    const { status, body } = await get(`/spend/logs/v2?${dates}&${query}`);
    expect([status, body.error.param]).toEqual([422, query.split('=')[0]]);
  });
});

describe('sums', () => {
  test('per key are what /key/info says', async () => {
    const { body } = await get('/spend/keys');
    expect(body[0]).toMatchObject({ token: ada.token, key_alias: 'ada', key_name: ada.key_name });
    const { info } = (await get(`/key/info?key=${ada.key_id}`)).body;
    expect(body[0].spend).toBe(info.spend);
    expect(info.spend).toBeCloseTo((answers[0]?.cost as number) + (answers[1]?.cost as number), 12);
  });

  test('per tag count a call under each of its tags', async () => {
    const { body } = await get('/spend/tags');
    expect(body).toMatchObject([
      { individual_request_tag: 'blue', log_count: 2 },
      { individual_request_tag: 'red', log_count: 1 },
    ]);
    expect((await get('/spend/tags?start_date=2026-01-01&end_date=2026-01-02')).body).toEqual([]);
    const { spend_per_tag: sums } = (await get('/global/spend/tags?start_date=2026-11-23&end_date=2026-11-23')).body;
    expect(sums).toMatchObject([{ name: 'blue', log_count: 2 }, { name: 'red' }]);
  });

  test('per user are what the calls of the user’s keys cost', async () => {
    const spend = expect.closeTo((answers[0]?.cost as number) + (answers[1]?.cost as number), 12);
    expect((await get('/spend/users')).body).toEqual([{ user_id: 'ada', spend }]);
    expect((await get('/spend/users?user_id=ada')).body).toEqual([{ user_id: 'ada', spend }]);
    expect((await get('/spend/users?user_id=nobody')).body).toEqual([]);
  });

  test('per end user count its calls and what they cost', async () => {
    const { key } = (await callGateway(gateway, 'POST /key/generate', { body: { key_alias: 'for customers' } })).body;
    const ask = (body: object) => callGateway(gateway, 'POST /global/spend/end_users', { body });
    const [before] = (await ask({})).body;
    expect(before).toBeUndefined();
    const { headers } = await callGateway(gateway, 'POST /v1/chat/completions', {
      key,
      body: { model: 'mock-gpt', user: 'customer', messages: [{ role: 'user', content: 'hi' }] },
    });
    const cost = Number(headers['x-litellm-response-cost']);
    answers.push({ id: 'of the customer', cost });
    const sums = [{ end_user: 'customer', total_count: 1, total_spend: expect.closeTo(cost, 12) }];
    expect((await ask({})).body).toEqual(sums);
    expect((await ask({ api_key: key, startTime: '2026-11-23', endTime: '2026-11-23 10:00:00' })).body).toEqual(sums);
    expect((await ask({ api_key: ada.key })).body).toEqual([]);
    expect((await ask({ api_key: 'no such key' })).body).toEqual([]);
    expect((await ask({ startTime: '2026-11-24' })).body).toEqual([]);
    expect((await ask({ startTime: 'soon' })).body.error.param).toBe('startTime');
  });

  test('over all agree with each other', async () => {
    const all = (await get('/global/spend')).body;
    expect(all.spend).toBeCloseTo(total(), 12);
    const keys = (await get('/global/spend/keys?limit=5')).body;
    expect(keys[0]).toMatchObject({ api_key: ada.token, key_alias: 'ada', key_name: ada.key_name });
    const models = (await get('/global/spend/models?limit=5')).body;
    expect(models).toEqual([{ model: 'mock-gpt', total_spend: all.spend }]);
    const days = (await get('/global/spend/logs')).body;
    expect(days).toEqual([{ date: '2026-11-23', spend: all.spend }]);
    expect((await get('/global/spend/keys?limit=1')).body).toHaveLength(1);
    expect((await get('/global/spend/keys?limit=0')).status).toBe(422);
  });

  test('are not for plain keys, but for those with get_spend_routes', async () => {
    const { key } = (
      await callGateway(gateway, 'POST /key/generate', { body: { permissions: { get_spend_routes: true } } })
    ).body;
    for (const path of [
      '/global/spend',
      '/global/spend/keys',
      '/global/spend/models',
      '/spend/keys',
      '/spend/tags',
      '/spend/users',
    ] as const) {
      expect([path, (await get(path, bob.key)).status]).toEqual([path, 401]);
      expect([path, (await get(path, key)).status]).toEqual([path, 200]);
    }
  });
});

describe('POST /spend/calculate', () => {
  const calculate = (body: object) => callGateway(gateway, 'POST /spend/calculate', { body });

  test('prices a request by the proxy’s own prices', async () => {
    const { status, body } = await calculate({ model: 'mock-gpt', messages: [{ role: 'user', content: 'hi there' }] });
    expect(status).toBe(200);
    expect(body.cost).toBeGreaterThan(0);
    expect(body.cost).toBeLessThan(0.0001);
  });

  test.each(['gpt-4o', 'openai/gpt-4o'])(
    'prices %s, which the proxy does not have, by the public list',
    async (model) => {
      const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
      const { body } = await calculate({ completion_response: { model, usage } });
      expect(body).toEqual({ cost: 0.0035 });
    },
  );

  test('prices a response by its usage', async () => {
    const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
    const { body } = await calculate({ completion_response: { model: 'mock-gpt', usage } });
    expect(body).toEqual({ cost: 0.0012 });
  });

  test('takes no name of a length that no model has', async () => {
    const model = 'x'.repeat(257);
    for (const body of [{ model, messages: [] }, { completion_response: { model, usage: {} } }]) {
      expect((await calculate(body)).status).toBe(422);
    }
  });

  test.each([
    [{}, "Either 'model' or 'completion_response' must be provided"],
    [{ model: 'mock-gpt' }, "'messages' must be provided"],
    [{ model: 'no-such-model', messages: [] }, 'No price is known'],
  ])('refuses %j', async (body, words) => {
    const answer = await calculate(body);
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringContaining(words)]);
  });
});
