import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NO_LIMITS } from '../../src/core/limits.ts';
import { buildMember, buildTeam, buildUser } from '../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

const OWNER_COUNTERS = [
  'user:ada/spend',
  'member:crew/ada/spend',
  'team:crew/spend',
  'organization:acme/spend',
  'end_user:customer-1/spend',
  'tag:blue/spend',
];
const PROXY_COUNTER = 'proxy:litellm-proxy-budget/spend';

let gateway: SeededApp;
beforeAll(async () => {
  gateway = await startSeededApp(async (unit) => {
    await unit.users.insert(buildUser({ id: 'ada' }));
    await unit.teams.insert(buildTeam({ id: 'crew', organizationId: 'acme', metadata: { tags: ['of-the-team'] } }));
    await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'ada' }));
  });
});
afterAll(() => gateway.close());

const make = async (body: object) => (await callGateway(gateway, 'POST /key/generate', { body })).body;
const chat = (key: string, more: object = {}, headers: Record<string, string> = {}) =>
  callGateway(gateway, 'POST /v1/chat/completions', {
    key,
    headers,
    body: { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }], ...more },
  });
const costOf = (answer: { headers: Record<string, unknown> }) => Number(answer.headers['x-litellm-response-cost']);

describe('what a call costs', () => {
  test('is the same on the key, user, member, team, organisation, end user, tag and proxy', async () => {
    const { key, key_id } = await make({ user_id: 'ada', team_id: 'crew' });
    const [, before = 0] = await gateway.balancesOf(['', PROXY_COUNTER]);
    let total = 0;
    for (let call = 0; call < 20; call += 1) {
      total += costOf(await chat(key, { user: 'customer-1', metadata: { tags: ['blue'] } }));
    }
    expect(total).toBeGreaterThan(0);
    for (const spent of await gateway.balancesOf([`key:${key_id}/spend`, ...OWNER_COUNTERS, 'tag:of-the-team/spend'])) {
      expect(spent).toBeCloseTo(total, 12);
    }
    const [, after = 0] = await gateway.balancesOf(['', PROXY_COUNTER]);
    expect(after - before).toBeCloseTo(total, 12);
    const { body } = await callGateway(gateway, `GET /spend/logs?api_key=${key}`);
    expect(body).toHaveLength(20);
    for (const row of body) {
      expect(row).toMatchObject({ user: 'ada', team_id: 'crew', organization_id: 'acme', end_user: 'customer-1' });
      expect(row.request_tags).toEqual(['of-the-team', 'blue']);
    }
  });

  test('counts on the proxy, the end user and the tags where the master key calls', async () => {
    const counters = [PROXY_COUNTER, 'end_user:of-the-master/spend', 'tag:mastered/spend'];
    const before = await gateway.balancesOf(counters);
    const cost = costOf(await chat(gateway.masterKey, { user: 'of-the-master', tags: ['mastered'] }));
    const after = await gateway.balancesOf(counters);
    for (const [index, spent] of after.entries()) expect(spent - (before[index] ?? 0)).toBeCloseTo(cost, 12);
  });

  test('counts on owners that do not exist, which limit nothing', async () => {
    const { key } = await make({ user_id: 'nobody', team_id: 'no-team' });
    const cost = costOf(await chat(key));
    expect(await gateway.balancesOf(['user:nobody/spend', 'team:no-team/spend'])).toEqual([cost, cost]);
  });
});

describe('an end user', () => {
  test.each<[string, object, Record<string, string>]>([
    ['the header', {}, { 'x-litellm-end-user-id': 'by-header' }],
    ['the other header', {}, { 'x-litellm-customer-id': 'by-other-header' }],
    ['user', { user: 'by-user' }, {}],
    ['safety_identifier', { safety_identifier: 'by-safety' }, {}],
    ['metadata.user_id', { metadata: { user_id: 'by-metadata' } }, {}],
  ])('named by %s is stored after its first call', async (_how, body, headers) => {
    const { key } = await make({});
    expect((await chat(key, body, headers)).status).toBe(200);
    const id = (await callGateway(gateway, `GET /spend/logs?api_key=${key}`)).body[0].end_user as string;
    expect(id).toMatch(/^by-/);
    await expect
      .poll(() => gateway.storage.owners.endUsers.find([id]), { timeout: 5_000 })
      .toMatchObject({
        id,
        blocked: false,
        maxBudgetNanoUsd: null,
      });
  });

  test('whose name no database takes is billed and stored under one that it does', async () => {
    const { key } = await make({});
    expect((await chat(key, { user: 'a\u0000b\ud800', tags: ['t\u0000'] })).status).toBe(200);
    await expect.poll(() => gateway.storage.owners.endUsers.find(['a\ufffdb\ufffd']), { timeout: 5_000 }).toBeDefined();
  });
});

describe('max_end_user_budget', () => {
  test('holds from the first call of a new end user on, and is stored with it', async () => {
    const limited = await startSeededApp(async () => {}, {
      config: `
model_list:
  - model_name: dime
    litellm_params: {model: openai/dime, mock_response: Hello, input_cost_per_token: 0, output_cost_per_token: 0.01}
litellm_settings: {max_end_user_budget: 0.01}
`,
    });
    try {
      const call = (user: string) =>
        callGateway(limited, 'POST /v1/chat/completions', {
          body: { model: 'dime', user, messages: [{ role: 'user', content: 'hi' }] },
        });
      const answers = await Promise.all(Array.from({ length: 10 }, () => call('newcomer')));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const refused = answers.find(({ status }) => status !== 200);
      expect(refused?.body.error.message).toContain('ExceededBudget: End User=newcomer over budget.');
      expect((await call('another')).status).toBe(200);
      await expect
        .poll(() => limited.storage.owners.endUsers.find(['newcomer']), { timeout: 5_000 })
        .toMatchObject({ maxBudgetNanoUsd: 10_000_000 });
      expect((await call('newcomer')).status).toBe(400);
    } finally {
      await limited.close();
    }
  });
});

describe('max_end_user_budget_id', () => {
  test('holds for end users without limits of their own, new or stored, and for nobody else', async () => {
    const lines: string[] = [];
    const limited = await startSeededApp(async () => {}, {
      config: `
model_list:
  - model_name: dime
    litellm_params: {model: openai/dime, mock_response: Hello, input_cost_per_token: 0, output_cost_per_token: 0.01}
litellm_settings: {max_end_user_budget_id: visitors}
`,
      onLog: (line) => lines.push(line),
    });
    try {
      expect(warningsOf(lines)).toEqual([expect.stringContaining('end users without limits of their own have none')]);
      const call = async (user: string) => {
        const body = { model: 'dime', user, messages: [{ role: 'user', content: 'hi' }] };
        return (await callGateway(limited, 'POST /v1/chat/completions', { body })).status;
      };
      // A budget that is not there limits nothing.
      expect(await call('early')).toBe(200);
      const post = (route: string, body: object) => callGateway(limited, `POST ${route}`, { body });
      expect((await post('/budget/new', { budget_id: 'visitors', rpm_limit: 1 })).status).toBe(200);
      expect((await post('/customer/new', { user_id: 'stored' })).status).toBe(200);
      expect((await post('/customer/new', { user_id: 'special', rpm_limit: 2 })).status).toBe(200);
      expect([await call('new'), await call('new')]).toEqual([200, 429]);
      expect([await call('stored'), await call('stored')]).toEqual([200, 429]);
      expect([await call('special'), await call('special'), await call('special')]).toEqual([200, 200, 429]);
      await expect.poll(() => limited.storage.owners.endUsers.find(['new']), { timeout: 5_000 }).toBeDefined();
      expect(await call('new')).toBe(429);
    } finally {
      await limited.close();
    }
  });

  test('named without such a row is warned about at the start, and max_end_user_budget holds meanwhile', async () => {
    const lines: string[] = [];
    const limited = await startSeededApp(async () => {}, {
      config: `
model_list:
  - model_name: dime
    litellm_params: {model: openai/dime, mock_response: Hello, input_cost_per_token: 0, output_cost_per_token: 0.01}
litellm_settings: {max_end_user_budget_id: visitors, max_end_user_budget: 0}
`,
      onLog: (line) => lines.push(line),
    });
    try {
      expect(warningsOf(lines)).toEqual([
        'litellm_settings.max_end_user_budget_id names a budget row that does not exist: end users without limits of their ' +
          'own fall under max_end_user_budget. Make it with /budget/new; it then holds at once.',
      ]);
      const body = { model: 'dime', user: 'somebody', messages: [{ role: 'user', content: 'hi' }] };
      const refused = await callGateway(limited, 'POST /v1/chat/completions', { body });
      expect(refused.body.error.message).toContain('End User=somebody over budget');
    } finally {
      await limited.close();
    }
  });

  test('is not warned about where there is the row', async () => {
    const lines: string[] = [];
    const stamps = {
      createdAtMs: 1,
      createdBy: 'a',
      updatedAtMs: 1,
      updatedBy: 'a',
      deletedAtMs: null,
      deletedBy: null,
    };
    const limited = await startSeededApp(
      (unit) => unit.budgets.insert({ ...NO_LIMITS, ...stamps, id: 'visitors' }).then(() => {}),
      {
        config: 'litellm_settings: {max_end_user_budget_id: visitors}\n',
        onLog: (line) => lines.push(line),
      },
    );
    await limited.close();
    expect(warningsOf(lines)).toEqual([]);
  });
});

function warningsOf(lines: readonly string[]): string[] {
  return lines.map((line) => JSON.parse(line)).flatMap(({ setting, msg }) => (setting === undefined ? [] : [msg]));
}
