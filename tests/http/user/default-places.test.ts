// What new users are given: places in teams with a role and a budget, and the budget of who becomes an internal user.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const CONFIG = `
model_list: []
litellm_settings:
  default_internal_user_params:
    user_role: internal_user_viewer
    teams:
      - {team_id: crew, user_role: admin, max_budget_in_team: 2.5}
      - everybody
  max_internal_user_budget: 25
  internal_user_budget_duration: 30d
`;

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp({ config: CONFIG });
  for (const team_id of ['crew', 'everybody', 'other']) await post('/team/new', { team_id });
});
afterAll(() => gateway.close());

const post = (path: string, body: object) => callGateway(gateway, `POST ${path}`, { body });
/** What this user is in the team, and may use up there. */
async function placeOf(teamId: string, userId: string) {
  const { body } = await callGateway(gateway, `GET /team/info?team_id=${teamId}`);
  const place = body.team_info.members_with_roles.find(({ user_id: id }: { user_id: string }) => id === userId);
  const membership = body.team_memberships.find(({ user_id: id }: { user_id: string }) => id === userId);
  return place === undefined ? null : [place.role, membership?.litellm_budget_table?.max_budget ?? null];
}

test('a new user is in the teams of the configuration, as it says', async () => {
  expect((await post('/user/new', { user_id: 'new' })).body.teams.sort()).toEqual(['crew', 'everybody']);
  expect(await placeOf('crew', 'new')).toEqual(['admin', 2.5]);
  expect(await placeOf('everybody', 'new')).toEqual(['user', null]);
});

test('a request says it itself', async () => {
  const teams = [
    { team_id: 'other', user_role: 'admin', max_budget_in_team: 1 },
    'everybody',
    { team_id: 'everybody' },
  ];
  expect((await post('/user/new', { user_id: 'asked', teams })).body.teams.sort()).toEqual(['everybody', 'other']);
  expect(await placeOf('other', 'asked')).toEqual(['admin', 1]);
  expect(await placeOf('everybody', 'asked')).toEqual(['user', null]);
  expect(await placeOf('crew', 'asked')).toBeNull();
});

test.each([
  [{ team_id: 'other', user_role: 'owner' }, 422],
  [{ team_id: 'other', max_budget_in_team: -1 }, 400],
  [{ user_role: 'admin' }, 422],
])('nobody is made with a place like %j', async (team, status) => {
  expect((await post('/user/new', { user_id: 'wrong', teams: [team] })).status).toBe(status);
  expect((await callGateway(gateway, 'GET /user/info?user_id=wrong')).status).toBe(404);
});

test('who becomes an internal user gets its budget, and keeps one that is said', async () => {
  await post('/user/new', { user_id: 'rising' });
  const { body } = await post('/user/update', { user_id: 'rising', user_role: 'internal_user' });
  expect(body.data).toMatchObject({ max_budget: 25, budget_duration: '30d' });
  await post('/user/update', { user_id: 'rising', max_budget: 7 });
  const again = await post('/user/update', { user_id: 'rising', user_role: 'internal_user' });
  expect(again.body.data.max_budget).toBe(7);
  await post('/user/new', { user_id: 'said' });
  const said = await post('/user/update', { user_id: 'said', user_role: 'internal_user', max_budget: 3 });
  expect(said.body.data).toMatchObject({ max_budget: 3, budget_duration: null });
});
