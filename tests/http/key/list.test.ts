/** Who sees which keys in GET /key/list, and what can be asked of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  buildMember,
  buildOrganization,
  buildOrganizationMember,
  buildTeam,
  buildUser,
} from '../../../src/storage/__fixtures__/rows.ts';
import { callGateway } from '../../support/call-gateway.ts';
import { type SeededApp, startSeededApp } from '../../support/seeded-app.ts';

let gateway: SeededApp;
const secrets: Record<string, string> = {};
const make = async (body: object, key?: string): Promise<{ key: string; token: string; key_id: string }> => {
  const { status, body: reply } = await callGateway(gateway, 'POST /key/generate', {
    body,
    ...(key === undefined ? {} : { key }),
  });
  if (status !== 200) throw new Error(JSON.stringify(reply));
  return reply;
};

beforeAll(async () => {
  gateway = await startSeededApp(async ({ organizations, organizationMembers, teams, teamMembers, users }) => {
    await organizations.insert(buildOrganization({ id: 'org', alias: null }));
    await teams.insert(buildTeam({ id: 'closed', organizationId: 'org' }));
    await teams.insert(buildTeam({ id: 'open', memberPermissions: ['/key/list'] }));
    for (const id of ['ann', 'bob', 'lead', 'gone']) await users.insert(buildUser({ id, email: `${id}@example.com` }));
    await users.insert(buildUser({ id: 'boss', role: 'org_admin' }));
    await teamMembers.insert(buildMember({ teamId: 'closed', userId: 'lead', role: 'admin' }));
    await teamMembers.insert(buildMember({ teamId: 'closed', userId: 'ann', role: 'user' }));
    await teamMembers.insert(buildMember({ teamId: 'open', userId: 'ann', role: 'user' }));
    await organizationMembers.insert(
      buildOrganizationMember({
        organizationId: 'org',
        userId: 'boss',
        role: 'org_admin',
      }),
    );
  });
  for (const user of ['ann', 'bob', 'lead', 'boss']) {
    secrets[user] = (await make({ key_alias: `${user}'s`, user_id: user })).key;
  }
  await make({ key_alias: 'closed-ann', user_id: 'ann', team_id: 'closed', spend: 3 });
  await make({ key_alias: 'closed-bot', team_id: 'closed', spend: 1 });
  await make({ key_alias: 'open-bot', team_id: 'open', spend: 2, duration: '1h' });
  await make({ key_alias: 'org-bot', organization_id: 'org' });
  await make({ key_alias: 'made-by-lead', team_id: 'closed', user_id: 'ann' }, secrets.lead);
});
async function leave(userId: string, teamId: string): Promise<void> {
  const { status } = await callGateway(gateway, 'POST /team/member_delete', {
    body: { team_id: teamId, user_id: userId },
  });
  expect(status).toBe(200);
}
afterAll(() => gateway.close());

const ask = (who: string, query: string) =>
  callGateway(gateway, `GET /key/list?${query}`, who === 'admin' ? {} : { key: secrets[who] ?? '' });
async function aliasesFor(who: string, query: string): Promise<string[]> {
  const { body } = await ask(who, `return_full_object=true&size=100&${query}`);
  expect(body.total_count).toBe(body.keys.length);
  return body.keys.map((row: { key_alias: string }) => row.key_alias).sort();
}

describe('who sees which keys', () => {
  test.each([
    ['ann', '', ["ann's", 'closed-ann', 'made-by-lead']],
    ['ann', 'include_team_keys=true', ["ann's", 'closed-ann', 'closed-bot', 'made-by-lead', 'open-bot']],
    ['ann', 'team_id=open', ['open-bot']],
    ['ann', 'team_id=closed', ['closed-ann', 'closed-bot', 'made-by-lead']],
    ['ann', 'user_id=ann&include_team_keys=true', ["ann's", 'closed-ann', 'closed-bot', 'made-by-lead', 'open-bot']],
    ['ann', 'user_id=bob', []],
    ['ann', 'user_id=bob&include_team_keys=true&include_created_by_keys=true', []],
    ['bob', '', ["bob's"]],
    ['bob', 'include_team_keys=true', ["bob's"]],
    ['lead', '', ["lead's"]],
    ['lead', 'include_team_keys=true', ['closed-ann', 'closed-bot', "lead's", 'made-by-lead']],
    ['lead', 'team_id=closed', ['closed-ann', 'closed-bot', 'made-by-lead']],
    ['lead', 'user_id=ann', ['closed-ann', 'made-by-lead']],
    ['lead', 'include_created_by_keys=true', ["lead's", 'made-by-lead']],
    ['lead', 'user_id=lead&include_created_by_keys=true', ["lead's", 'made-by-lead']],
    ['boss', '', ["boss's", 'closed-ann', 'closed-bot', 'made-by-lead', 'org-bot']],
    ['boss', 'organization_id=org', ['org-bot']],
    ['admin', 'user_id=lead', ["lead's"]],
    ['admin', 'user_id=lead&include_team_keys=true', ['closed-ann', 'closed-bot', "lead's", 'made-by-lead']],
    ['admin', 'user_id=lead&include_created_by_keys=true', ["lead's", 'made-by-lead']],
    ['admin', 'created_by=lead', ['made-by-lead']],
    ['admin', 'team_id=open&include_team_keys=true', ['open-bot']],
  ])('%s asking %j', async (who, query, aliases) => {
    expect(await aliasesFor(who, query)).toEqual(aliases);
  });

  test('one key by its hash or key_id is shown to whoever may see it', async () => {
    const { token, key_id } = await make({ key_alias: 'looked-for', team_id: 'closed', user_id: 'lead' });
    for (const query of [`key_hash=${token}`, `key_id=${key_id}`]) {
      expect(await aliasesFor('lead', query)).toEqual(['looked-for']);
      expect(await aliasesFor('ann', query)).toEqual([]);
    }
    expect((await ask('bob', `key_hash=${token}`)).status).toBe(403);
    expect(await aliasesFor('bob', `key_id=${key_id}`)).toEqual([]);
    await callGateway(gateway, 'POST /key/delete', { body: { keys: [token] } });
    expect(await aliasesFor('lead', 'team_id=closed&status=deleted')).toEqual(['looked-for']);
    expect(await aliasesFor('ann', 'team_id=closed&status=deleted')).toEqual([]);
  });

  test.each([
    ['ann', 'organization_id=org', 'organization_id', "this organization's keys"],
    ['boss', 'organization_id=none', 'organization_id', "this organization's keys"],
    ['bob', 'team_id=closed', 'team_id', "this team's keys"],
    ['bob', 'team_id=none', 'team_id', "this team's keys"],
    ['boss', 'team_id=open', 'team_id', "this team's keys"],
    ['bob', 'user_id=ann&include_team_keys=true', 'user_id', "another user's keys"],
    ['bob', `key_hash=${'0'.repeat(64)}`, 'key_hash', 'Key Hash not found'],
  ])('%s asking %j is refused', async (who, query, param, text) => {
    const answer = await ask(who, query);
    expect(answer).toMatchObject({ status: 403, body: { error: { param } } });
    expect(answer.body.error.message).toContain(text);
  });

  test('keys that a user made in a team are not shown to it once it has left', async () => {
    const adding = { team_id: 'closed', member: { user_id: 'gone', role: 'admin' } };
    await callGateway(gateway, 'POST /team/member_add', { body: adding });
    const { key } = await make({ key_alias: "gone's", user_id: 'gone' });
    secrets.gone = key;
    await make({ key_alias: 'made-then-left', team_id: 'closed', user_id: 'ann' }, key);
    expect(await aliasesFor('gone', 'include_created_by_keys=true')).toEqual(["gone's", 'made-then-left']);
    await leave('gone', 'closed');
    for (const query of ['include_created_by_keys=true', 'user_id=gone&include_created_by_keys=true', 'search=then']) {
      expect(await aliasesFor('gone', query)).not.toContain('made-then-left');
    }
    expect(await aliasesFor('admin', 'user_id=gone&include_created_by_keys=true')).toContain('made-then-left');
    await callGateway(gateway, 'POST /key/delete', { body: { key_aliases: ['made-then-left'] } });
  });
});

describe('filters', () => {
  test.each([
    ['min_spend=1', ['closed-ann', 'closed-bot', 'open-bot']],
    ['min_spend=2&max_spend=2', ['open-bot']],
    ['min_spend=&max_spend=&team_id=open', ['open-bot']],
    ['max_spend=1&team_id=closed', ['closed-bot', 'made-by-lead']],
    ['expires_after=2000-01-01T00:00:00Z', ['open-bot']],
    ['expires_before=2000-01-01T00:00:00Z', []],
    ['never_used=true&team_id=open', ['open-bot']],
    ['never_used=false&team_id=open', []],
    ['last_active_before=2100-01-01T00:00:00Z&team_id=open', []],
    ['status=active&team_id=open', ['open-bot']],
    ['status=blocked', []],
    ['expires=active&team_id=open', ['open-bot']],
    ['expires=expired', []],
    ['key_alias=SED-b&substring_matching=true', ['closed-bot']],
    ['user_id=BO&substring_matching=true', ["bob's", "boss's"]],
    ['user_id=o&key_alias=s&substring_matching=true', ["bob's", "boss's", "gone's"]],
    ['user_id=bo', []],
  ])('%s', async (query, aliases) => {
    expect(await aliasesFor('admin', query)).toEqual(aliases);
  });

  test.each([
    ['min_spend=2&max_spend=1', 400, 'min_spend'],
    ['max_spend=1e12', 400, 'max_spend'],
    ['min_spend=nan', 400, 'min_spend'],
    ['min_spend=much', 422, 'min_spend'],
    ['expires_after=2027-01-01T00:00:00Z&expires_before=2026-01-01T00:00:00Z', 400, 'expires_after'],
    ['last_active_after=2027-01-01T00:00:00Z&last_active_before=2026-01-01T00:00:00Z', 400, 'last_active_after'],
    ['last_active_after=lately', 422, 'last_active_after'],
    ['never_used=perhaps', 422, 'never_used'],
    ['expand=team', 400, 'expand'],
    ['expires=soon', 400, 'expires'],
    ['page=1000000001', 422, 'page'],
    [`search=${'a'.repeat(257)}`, 422, 'search'],
  ])('refuses %s with %i', async (query, status, param) => {
    expect(await ask('admin', query)).toMatchObject({ status, body: { error: { param } } });
  });
});

test('a part of an alias finds no more than what is the caller’s, and its user is not a part', async () => {
  expect(await aliasesFor('ann', 'key_alias=ann&substring_matching=true')).toEqual(["ann's", 'closed-ann']);
  expect((await ask('ann', 'user_id=an&substring_matching=true')).body.keys).toEqual([]);
});

describe('expand=user', () => {
  test('gives rows with the user of each key', async () => {
    const { body } = await ask('admin', 'key_alias=closed-ann&expand=user');
    expect(body.keys).toMatchObject([
      { key_alias: 'closed-ann', user: { user_id: 'ann', user_email: 'ann@example.com' } },
    ]);
    const bot = await ask('admin', 'key_alias=closed-bot&expand=user');
    expect(bot.body.keys).toMatchObject([{ key_alias: 'closed-bot', user: null }]);
  });

  test('and the user who made it', async () => {
    const { body } = await ask('lead', 'include_created_by_keys=true&key_alias=made-by-lead&expand=user');
    expect(body.keys).toMatchObject([{ user: { user_id: 'ann' }, created_by_user: { user_id: 'lead' } }]);
  });

  test('shows a team’s administrator its members, and a member who may list keys nobody else', async () => {
    const seen = async (who: string, query: string) =>
      (await ask(who, `${query}&expand=user`)).body.keys.map(
        (row: { user: { user_id: string } | null }) => row.user?.user_id,
      );
    expect(await seen('lead', 'team_id=closed&user_id=ann')).toEqual(['ann', 'ann']);
    await make({ key_alias: 'open-bob', team_id: 'open', user_id: 'bob' });
    expect(await seen('ann', 'team_id=open&user_id=bob')).toEqual([undefined]);
  });
});
