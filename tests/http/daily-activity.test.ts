// Who may ask about whose daily activity, how owners are named there, and what a report leaves out when told to.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildMember, buildOrganization, buildTeam, buildUser } from '../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../support/seeded-app.ts';

/** Late on the 30th in California, early on the 1st in UTC. */
const NOW_MS = Date.UTC(2026, 11, 1, 3);
const DAYS = 'start_date=2026-12-01&end_date=2026-12-01';

let gateway: SeededApp;
const keys: Record<string, string> = {};

beforeAll(async () => {
  gateway = await startSeededApp(
    async (unit) => {
      for (const id of ['acme', 'globex']) await unit.organizations.insert(buildOrganization({ id, alias: null }));
      await unit.teams.insert(buildTeam({ id: 'crew', alias: null, organizationId: 'acme' }));
      await unit.teams.insert(buildTeam({ id: 'others', alias: null, organizationId: 'globex' }));
      await unit.users.insert(buildUser({ id: 'ada', alias: 'Ada', email: 'ada@example.com' }));
      await unit.users.insert(buildUser({ id: 'bob', alias: null, email: null }));
      await unit.teamMembers.insert(buildMember({ teamId: 'crew', userId: 'ada', role: 'user' }));
    },
    { nowMs: () => NOW_MS },
  );
  await callGateway(gateway, 'POST /customer/new', { body: { user_id: 'shop', alias: 'The shop' } });
  for (const [name, body] of Object.entries({
    ada: { user_id: 'ada', team_id: 'crew', key_alias: 'of ada' },
    bob: { user_id: 'bob', key_alias: 'of bob' },
    others: { team_id: 'others' },
    gone: { user_id: 'bob', key_alias: 'gone' },
  })) {
    keys[name] = (await callGateway(gateway, 'POST /key/generate', { body })).body.key;
  }
  for (const [key, user, tags] of [
    ['ada', 'shop', ['red', 'blue']],
    ['bob', 'stall', ['red']],
    ['others', undefined, []],
    ['gone', undefined, []],
  ] as const) {
    const body = { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }], metadata: { tags }, user };
    expect((await callGateway(gateway, 'POST /chat/completions', { key: keys[key] as string, body })).status).toBe(200);
  }
  await callGateway(gateway, 'POST /key/delete', { body: { keys: [keys.gone] } });
});
afterAll(() => gateway.close());

async function ask(path: string, key = gateway.masterKey) {
  return await callGateway(gateway, `GET ${path}${path.includes('?') ? '&' : '?'}${DAYS}`, { key });
}
async function entitiesOf(path: string, key?: string) {
  const { status, body } = await ask(path, key);
  expect([path, status]).toEqual([path, 200]);
  return Object.keys(body.results[0]?.breakdown.entities ?? {}).sort();
}

describe('who asks about whom', () => {
  test('a user names nobody but itself', async () => {
    expect(await entitiesOf('/user/daily/activity?user_id=ada', keys.ada)).toEqual(['ada']);
    for (const path of ['/user/daily/activity', '/user/daily/activity/aggregated']) {
      for (const id of ['bob', 'nobody']) {
        const { status, body } = await ask(`${path}?user_id=${id}`, keys.ada);
        expect([status, body.error.param]).toEqual([403, 'user_id']);
        const message = 'Non-admin users can only view their own spend data.';
        expect([body.error.message, body.detail]).toEqual([message, { error: message }]);
      }
    }
  });

  test('organisations are named by those who administer them', async () => {
    for (const id of ['acme', 'globex', 'none-such']) {
      const { status, body } = await ask(`/organization/daily/activity?organization_ids=${id}`, keys.ada);
      expect([id, status, body.error.param]).toEqual([id, 403, 'organization_ids']);
    }
    expect(await entitiesOf('/organization/daily/activity?organization_ids=acme,none-such')).toEqual(['acme']);
  });
});

test('exclude_… leave out owners and tags', async () => {
  const of = (path: string) => entitiesOf(path);
  expect(await of('/organization/daily/activity?exclude_organization_ids=acme')).toEqual(['globex']);
  expect(await of('/customer/daily/activity?exclude_end_user_ids=shop,none-such')).toEqual(['stall']);
  expect(await of('/tag/daily/activity?exclude_tags=red')).toEqual([]);
  expect(await of('/tag/daily/activity?exclude_tags=blue')).toEqual(['red']);
});

describe('owners are named', () => {
  test('users by alias and address, keys with their owner and whether they are still there', async () => {
    const { body } = await ask('/user/daily/activity');
    const { entities, api_keys: parts, endpoints } = body.results[0].breakdown;
    expect(entities.ada.metadata).toEqual({ user_alias: 'Ada', user_email: 'ada@example.com' });
    expect(entities.bob.metadata).toEqual({ user_alias: null, user_email: null });
    const named = Object.values(parts as object).map(({ metadata }) => metadata);
    expect(named).toContainEqual({
      key_alias: 'of ada',
      team_id: 'crew',
      user_id: 'ada',
      user_email: 'ada@example.com',
      key_exists: true,
    });
    expect(named).toContainEqual({
      key_alias: 'gone',
      team_id: null,
      user_id: 'bob',
      user_email: null,
      key_exists: false,
    });
    expect(endpoints).toEqual({});
  });

  test('customers by their aliases, to those who see all', async () => {
    const metadataOf = async (key?: string) => {
      const { body } = await ask('/customer/daily/activity', key);
      return body.results[0].breakdown.entities.shop.metadata;
    };
    expect(await metadataOf()).toEqual({ alias: 'The shop' });
    expect(await metadataOf(keys.ada)).toEqual({ alias: null });
  });
});

describe('include_current_utc_day', () => {
  const datesOf = async (query: string) => {
    const { status, body } = await callGateway(gateway, `GET /user/daily/activity?start_date=2026-11-29&${query}`);
    return status === 200 ? body.results.map(({ date }: { date: string }) => date) : [status, body.error.param];
  };
  const today = 'end_date=2026-11-30';

  test("reaches to UTC's day where the range ends on the client's", async () => {
    expect(await datesOf(`${today}&timezone=480&include_current_utc_day=true`)).toEqual(['2026-12-01']);
    expect(await datesOf(`${today}&timezone=480`)).toEqual([]);
    expect(await datesOf(`${today}&include_current_utc_day=true`)).toEqual([]);
    expect(await datesOf(`${today}&timezone=0&include_current_utc_day=true`)).toEqual([]);
    expect(await datesOf('end_date=2026-11-29&timezone=480&include_current_utc_day=true')).toEqual([]);
  });

  test('takes no time zone that there is not', async () => {
    for (const zone of ['9999999999', 'PST', '1.5']) {
      expect(await datesOf(`${today}&timezone=${zone}&include_current_utc_day=true`)).toEqual([422, 'timezone']);
    }
  });
});
