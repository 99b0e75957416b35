import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({
    config: [
      'model_list: []',
      'litellm_settings:',
      '  upperbound_internal_user_params: {max_budget: 10, rpm_limit: 60, budget_duration: 30d}',
      '  upperbound_team_params: {max_budget: 100, tpm_limit: 1000}',
    ].join('\n'),
  });
});
afterAll(() => gateway.close());

const post = (path: string, body: object) => callGateway(gateway, `POST ${path}`, { body });
const over = (param: string, value: string, bound: string) => ({
  status: 400,
  body: {
    error: {
      param,
      message: expect.stringContaining(
        `${param} is over max limit set in config - user_value=${value}; max_value=${bound}`,
      ),
    },
  },
});

test('a user has no more than the bound, and the bound where nothing is said', async () => {
  expect(await post('/user/new', { user_id: 'rich', max_budget: 11 })).toMatchObject(
    over('max_budget', '11.0', '10.0'),
  );
  expect((await post('/user/new', { user_id: 'modest', max_budget: 5 })).body).toMatchObject({
    max_budget: 5,
    rpm_limit: 60,
    budget_duration: '30d',
  });
  expect(await post('/user/update', { user_id: 'modest', rpm_limit: 61 })).toMatchObject(over('rpm_limit', '61', '60'));
  expect(await post('/user/update', { user_id: 'modest', max_budget: null })).toMatchObject(
    over('max_budget', 'unlimited', '10.0'),
  );
  expect(await post('/user/update', { user_id: 'modest', max_budget: 10 })).toMatchObject({ status: 200 });
  const admin = await post('/user/new', { user_id: 'boss', user_role: 'proxy_admin', max_budget: 1_000 });
  expect(admin.body).toMatchObject({ max_budget: 1_000, rpm_limit: null });
  expect(await post('/user/update', { user_id: 'boss', max_budget: null })).toMatchObject({ status: 200 });
});

test('so has a team', async () => {
  expect(await post('/team/new', { max_budget: 101 })).toMatchObject(over('max_budget', '101.0', '100.0'));
  const { body: team } = await post('/team/new', { tpm_limit: 10 });
  expect(team).toMatchObject({ max_budget: 100, tpm_limit: 10 });
  expect(await post('/team/update', { team_id: team.team_id, tpm_limit: 1_001 })).toMatchObject(
    over('tpm_limit', '1001', '1000'),
  );
  expect(await post('/team/update', { team_id: team.team_id, tpm_limit: 1_000 })).toMatchObject({ status: 200 });
});
