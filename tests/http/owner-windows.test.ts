/**
 * Budgets by the clock, for each kind of owner: spent until the last millisecond of the window, new at the first of the
 * next, and nothing of it taken out of the history.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildEndUser,
  buildMember,
  buildOrganization,
  buildTag,
  buildTeam,
  buildUser,
} from '../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

/** The first call spends more than that. */
const DAILY = { maxBudgetNanoUsd: 1_000, budgetDuration: '1d' };
/** Half a day before the clocks of Berlin go forward: the next day there is 23 hours long. */
const START_MS = Date.parse('2026-03-28T12:00:00Z');
const MIDNIGHTS = ['2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', '2026-03-30T22:00:00Z'].map((text) =>
  Date.parse(text),
);
const config = (litellm = '') => `
model_list:
  - model_name: dime
    litellm_params: {model: openai/dime, mock_response: Hello, input_cost_per_token: 0, output_cost_per_token: 0.01}
litellm_settings: {timezone: Europe/Berlin${litellm}}
`;

let nowMs = START_MS;
let gateway: SeededApp;
beforeAll(async () => {
  gateway = await startSeededApp(
    async (unit) => {
      await unit.users.insert(buildUser({ id: 'daily', ...DAILY }));
      await unit.users.insert(buildUser({ id: 'member' }));
      await unit.teams.insert(buildTeam({ id: 'daily', ...DAILY }));
      await unit.teams.insert(buildTeam({ id: 'open' }));
      await unit.teamMembers.insert(buildMember({ teamId: 'open', userId: 'member', ...DAILY }));
      await unit.organizations.insert(buildOrganization({ id: 'daily', ...DAILY }));
      await unit.endUsers.insert(buildEndUser({ id: 'daily', ...DAILY }));
      await unit.tags.insert(buildTag({ id: 'daily', ...DAILY }));
    },
    { config: config(), nowMs: () => nowMs },
  );
});
afterAll(() => gateway.close());

const newKey = async (at: SeededApp, body: object) => {
  const answer = await callGateway(at, 'POST /key/generate', { body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.key as string;
};
const call = async (at: SeededApp, key: string, more: object = {}) =>
  (
    await callGateway(at, 'POST /v1/chat/completions', {
      key,
      body: { model: 'dime', messages: [{ role: 'user', content: 'hi' }], ...more },
    })
  ).status;

async function expectDailyWindows(at: SeededApp, fields: object, names: object) {
  nowMs = START_MS;
  const key = await newKey(at, fields);
  for (const midnight of MIDNIGHTS) {
    expect(await call(at, key, names)).toBe(200);
    expect(await call(at, key, names)).toBe(400);
    nowMs = midnight - 1;
    expect(await call(at, key, names)).toBe(400);
    nowMs = midnight;
  }
  const span = 'start_date=2026-03-01%2000:00:00&end_date=2026-04-30%2000:00:00';
  const { body } = await callGateway(at, `GET /spend/logs/v2?${span}&api_key=${key}&page_size=100`);
  const paid = body.data.filter(({ spend }: { spend: number }) => spend > 0);
  expect(paid).toHaveLength(MIDNIGHTS.length);
}

describe('a budget of a day, by the clock of Berlin, of', () => {
  test.each<[string, object, object]>([
    ['a key', { max_budget: 0.000_001, budget_duration: '1d' }, {}],
    ['a user', { user_id: 'daily' }, {}],
    ['a member', { user_id: 'member', team_id: 'open' }, {}],
    ['a team', { team_id: 'daily' }, {}],
    ['an organisation', { organization_id: 'daily' }, {}],
    ['an end user', {}, { user: 'daily' }],
    ['a tag', {}, { metadata: { tags: ['daily'] } }],
  ])('%s', async (_whose, fields, names) => {
    await expectDailyWindows(gateway, fields, names);
  });

  test('the whole proxy', async () => {
    nowMs = START_MS;
    const capped = await startSeededApp(async () => {}, {
      config: config(', max_budget: 0.000001, budget_duration: 1d'),
      nowMs: () => nowMs,
    });
    try {
      await expectDailyWindows(capped, {}, {});
    } finally {
      await capped.close();
    }
  });
});

test('of several budgets at once the tighter one refuses, each until the end of its own window', async () => {
  nowMs = START_MS;
  const first = await newKey(gateway, {});
  await call(gateway, first);
  const cost = (await callGateway(gateway, `GET /key/info?key=${first}`)).body.info.spend as number;
  expect(cost).toBeGreaterThan(0);
  const budget_limits = [
    { budget_duration: '1h', max_budget: 0.000_001 },
    { budget_duration: '1d', max_budget: cost * 1.5 },
  ];
  const key = await newKey(gateway, { budget_limits });
  const hour = 3_600_000;
  const at = async (ms: number) => {
    nowMs = ms;
    return call(gateway, key);
  };
  // The hour is spent until its end, in the second hour the rest of the day goes, and then the day is spent.
  expect([await at(START_MS), await at(START_MS), await at(START_MS + hour - 1)]).toEqual([200, 400, 400]);
  expect([await at(START_MS + hour), await at(START_MS + hour)]).toEqual([200, 400]);
  expect([await at(START_MS + 2 * hour), await at(START_MS + 3 * hour)]).toEqual([400, 400]);
  const midnight = MIDNIGHTS[0] as number;
  expect([await at(midnight - 1), await at(midnight)]).toEqual([400, 200]);
});

test('what was added to a budget for a while is gone at its moment', async () => {
  nowMs = START_MS;
  const key = await newKey(gateway, { max_budget: 0.000_001 });
  expect([await call(gateway, key), await call(gateway, key)]).toEqual([200, 400]);
  const body = { key, temp_budget_increase: 1, temp_budget_expiry: '2026-03-28T13:00:00Z' };
  expect((await callGateway(gateway, 'POST /key/update', { body })).status).toBe(200);
  expect(await call(gateway, key)).toBe(200);
  nowMs = Date.parse('2026-03-28T13:00:00Z') - 1;
  expect(await call(gateway, key)).toBe(200);
  nowMs += 1;
  expect(await call(gateway, key)).toBe(400);
});
