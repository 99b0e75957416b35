// LiteLLM's test_organizations, and what its organisation routes promise beyond it.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
beforeAll(async () => {
  gateway = await startTestApp();
});
afterAll(() => gateway.close());

const call = (request: string, body?: unknown, key?: string) =>
  callGateway(gateway, request, { ...(body === undefined ? {} : { body }), ...(key === undefined ? {} : { key }) });
const make = async (fields: object = {}) =>
  (await call('POST /organization/new', { organization_alias: `org ${randomUUID()}`, ...fields })).body;
const info = async (id: string, key?: string) => call(`GET /organization/info?organization_id=${id}`, undefined, key);
const chat = (key: string, model = 'mock-gpt') =>
  call('POST /chat/completions', { model, messages: [{ role: 'user', content: 'hi' }] }, key);
const keyOf = async (fields: object) => (await call('POST /key/generate', fields)).body.key as string;
/** A person with a key, in the organisation in this role. */
const person = async (organizationId: string, role: string): Promise<{ userId: string; key: string }> => {
  const userId = `u-${randomUUID()}`;
  const added = await call('POST /organization/member_add', {
    organization_id: organizationId,
    member: { role, user_id: userId },
  });
  expect(added.status).toBe(200);
  return { userId, key: await keyOf({ user_id: userId }) };
};
const auditOf = async (id: string) =>
  (await call(`GET /audit?object_id=${encodeURIComponent(id)}`)).body.audit_logs as {
    action: string;
    table_name: string;
    updated_values: Record<string, unknown>;
    before_value: Record<string, unknown>;
  }[];

describe('an organisation', () => {
  test('is made with a budget row of its own, whose clock runs at once', async () => {
    const { status, body } = await call('POST /organization/new', {
      organization_alias: 'Acme',
      models: ['mock-gpt'],
      max_budget: 100,
      budget_duration: '1d',
      rpm_limit: 50,
      metadata: { cost_center: 7 },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      organization_id: expect.any(String),
      organization_alias: 'Acme',
      models: ['mock-gpt'],
      spend: 0,
      metadata: { cost_center: 7 },
      created_by: 'default_user_id',
      litellm_budget_table: {
        budget_id: body.budget_id,
        max_budget: 100,
        budget_duration: '1d',
        budget_reset_at: expect.stringMatching(/^\d{4}-/),
        rpm_limit: 50,
      },
      members: [],
      teams: [],
    });
    expect(body.made_budget_id).toBeUndefined();
    const row = await call('POST /budget/info', { budgets: [body.budget_id] });
    expect(row.body).toMatchObject([{ budget_id: body.budget_id, max_budget: 100, rpm_limit: 50 }]);
    expect((await info(body.organization_id)).body).toMatchObject({ organization_alias: 'Acme', teams: [] });
    expect(await auditOf(body.organization_id)).toMatchObject([
      { action: 'created', table_name: 'LiteLLM_OrganizationTable' },
    ]);
  });

  test('needs a name', async () => {
    const { status, body } = await call('POST /organization/new', {});
    expect(status).toBe(422);
    expect(body.detail).toMatchObject([{ type: 'missing', loc: ['body', 'organization_alias'] }]);
  });

  test('is linked to a budget row that exists, and to no other', async () => {
    const budgetId = `b-${randomUUID()}`;
    expect(await call('POST /organization/new', { organization_alias: 'x', budget_id: budgetId })).toMatchObject({
      status: 400,
      body: { error: { param: 'budget_id' } },
    });
    await call('POST /budget/new', { budget_id: budgetId, max_budget: 5, tpm_limit: 9 });
    const { organization_id: id } = await make({ budget_id: budgetId });
    // What is said of the organisation alone does not change a row that others may share.
    const changed = await call('PATCH /organization/update', { organization_id: id, max_budget: 4 });
    expect(changed.body.litellm_budget_table).toMatchObject({ budget_id: budgetId, max_budget: 4, tpm_limit: 9 });
    expect((await call('POST /budget/info', { budgets: [budgetId] })).body).toMatchObject([{ max_budget: 5 }]);
  });

  test('has a name that is taken once', async () => {
    const id = `org-${randomUUID()}`;
    expect((await make({ organization_id: id })).organization_id).toBe(id);
    const again = await call('POST /organization/new', { organization_alias: 'x', organization_id: id });
    expect(again).toMatchObject({ status: 400, body: { error: { param: 'organization_id' } } });
  });

  test.each([
    [{ max_budget: -1 }, 'max_budget'],
    [{ budget_duration: '1 fortnight' }, 'budget_duration'],
    [{ organization_id: ' x' }, 'organization_id'],
    [{ metadata: { model_rpm_limit: 'many' } }, 'metadata'],
  ])('refuses %j', async (fields, param) => {
    const { status, body } = await call('POST /organization/new', { organization_alias: 'x', ...fields });
    expect([status, body.error.param]).toEqual([400, param]);
  });

  test('keeps what an update does not mention, and null clears', async () => {
    const { organization_id: id, budget_id: budgetId } = await make({ max_budget: 10, rpm_limit: 5, models: ['a'] });
    const { status, body } = await call('PATCH /organization/update', {
      organization_id: id,
      organization_alias: 'renamed',
      max_budget: 20,
      budget_duration: '7d',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      organization_alias: 'renamed',
      models: ['a'],
      budget_id: budgetId,
      litellm_budget_table: { max_budget: 20, rpm_limit: 5, budget_duration: '7d' },
    });
    expect((await call('POST /budget/info', { budgets: [budgetId] })).body).toMatchObject([{ max_budget: 20 }]);
    const cleared = await call('PATCH /organization/update', { organization_id: id, rpm_limit: null, models: null });
    expect(cleared.body).toMatchObject({ models: [], rpm_limit: null, max_budget: 20 });
    expect(await call('PATCH /organization/update', { organization_id: 'nobody' })).toMatchObject({ status: 404 });
    const [latest] = await auditOf(id);
    expect(latest).toMatchObject({
      action: 'updated',
      before_value: { models: ['a'] },
      updated_values: { models: [] },
    });
  });

  test('is changed by its name in the path, where nothing is misspelt', async () => {
    const { organization_id: id } = await make({ max_budget: 10, models: ['a'] });
    const patch = (body: object, key?: string) => call(`PATCH /v2/organization/${id}`, body, key);
    const { status, body } = await patch({ rpm_limit: 5, max_budget: null, metadata: { a: 1 } });
    expect([status, body]).toMatchObject([
      200,
      {
        organization_id: id,
        models: ['a'],
        metadata: { a: 1 },
        litellm_budget_table: { max_budget: null, rpm_limit: 5 },
      },
    ]);
    for (const [wrong, name] of [
      [{ max_bugdet: 1 }, 'max_bugdet'],
      [{ organization_id: 'x' }, 'organization_id'],
      [{ organization_alias: null }, 'organization_alias'],
      [{ models: null }, 'models'],
      [{ object_permission: {} }, 'object_permission'],
    ] as const) {
      const refused = await patch(wrong);
      expect([name, refused.status]).toEqual([name, 422]);
      expect(JSON.stringify(refused.body.detail)).toContain(name);
    }
    expect((await info(id)).body).toMatchObject({ models: ['a'], metadata: { a: 1 } });
    expect((await patch({ rpm_limit: 6 }, (await person(id, 'internal_user')).key)).status).toBe(403);
    expect((await patch({ rpm_limit: 4 }, (await person(id, 'org_admin')).key)).status).toBe(200);
    const unknown = await call('PATCH /v2/organization/nobody', { rpm_limit: 6 });
    expect([unknown.status, unknown.body.detail]).toEqual([404, { error: unknown.body.error.message }]);
  });

  test('is found by list and by both forms of info', async () => {
    const { organization_id: id, organization_alias: alias } = await make();
    const list = (await call('GET /organization/list')).body as { organization_id: string }[];
    expect(list.map((row) => row.organization_id)).toContain(id);
    const byAlias = await call(`GET /organization/list?org_alias=${encodeURIComponent(alias.slice(4))}`);
    expect(byAlias.body).toMatchObject([{ organization_id: id }]);
    expect((await call('POST /organization/info', { organizations: [id, 'nobody'] })).body).toMatchObject([
      { organization_id: id },
    ]);
    expect(await call('POST /organization/info', { organizations: [] })).toMatchObject({ status: 400 });
    expect(await info('nobody')).toMatchObject({ status: 404, body: { error: { param: 'organization_id' } } });
  });

  test('spends what its keys and teams spend, and its budget ends their calls', async () => {
    const { organization_id: id } = await make({ max_budget: 0 });
    const { team_id } = (await call('POST /team/new', { organization_id: id })).body;
    for (const key of [await keyOf({ organization_id: id }), await keyOf({ team_id })]) {
      const { status, body } = await chat(key);
      expect([status, body.error.type]).toEqual([400, 'budget_exceeded']);
    }
    await call('PATCH /organization/update', { organization_id: id, max_budget: 100 });
    expect((await chat(await keyOf({ organization_id: id }))).status).toBe(200);
    const { body } = await info(id);
    expect(body.spend).toBeGreaterThan(0);
    expect(body.teams).toMatchObject([{ team_id, organization_id: id }]);
  });
});

describe('deleting', () => {
  test('ends keys and teams within the answer and leaves people and history', async () => {
    const { organization_id: id, budget_id: budgetId } = await make();
    const { userId } = await person(id, 'internal_user');
    const team = { organization_id: id, team_alias: 'The crew' };
    const { team_id: teamId } = (await call('POST /team/new', team)).body;
    const ended = [
      await keyOf({ organization_id: id }),
      await keyOf({ team_id: teamId }),
      await keyOf({ user_id: userId, organization_id: id }),
    ];
    const other = await keyOf({ user_id: userId });
    for (const key of ended) expect((await chat(key)).status).toBe(200);
    const { status, body } = await call('DELETE /organization/delete', { organization_ids: [id] });
    expect(status).toBe(200);
    expect(body).toMatchObject([{ organization_id: id, teams: [{ team_id: teamId }], members: [{ user_id: userId }] }]);
    for (const key of ended) expect((await chat(key)).status).toBe(401);
    expect((await chat(other)).status).toBe(200);
    expect((await info(id)).status).toBe(404);
    expect((await call(`GET /team/info?team_id=${teamId}`)).status).toBe(404);
    expect((await call(`GET /user/info?user_id=${userId}`)).status).toBe(200);
    expect((await call('POST /budget/info', { budgets: [budgetId] })).body).toEqual([]);
    // Clients of LiteLLM clear the row away that it leaves behind.
    expect(await call('POST /budget/delete', { id: budgetId })).toMatchObject({
      status: 200,
      body: { budget_id: budgetId },
    });
    expect((await auditOf(budgetId)).map(({ action }) => action)).toEqual(['deleted', 'created']);
    const logs = (await call('GET /spend/logs')).body as { team_id: string | null }[];
    expect(logs.filter((row) => row.team_id === teamId)).toMatchObject([
      { organization_id: id, metadata: { user_api_key_team_alias: 'The crew' } },
    ]);
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(['deleted', 'created']);
    expect((await auditOf(teamId)).map(({ action }) => action)).toEqual(['deleted', 'created']);
    expect((await auditOf(`${id}/${userId}`)).map(({ action }) => action)).toEqual(['deleted', 'created']);
  });

  test('is all or nothing', async () => {
    const { organization_id: id } = await make();
    const key = await keyOf({ organization_id: id });
    expect(await call('DELETE /organization/delete', { organization_ids: [id, 'nobody'] })).toMatchObject({
      status: 404,
    });
    expect(await call('DELETE /organization/delete', { organization_ids: [] })).toMatchObject({ status: 400 });
    expect([(await info(id)).status, (await chat(key)).status]).toEqual([200, 200]);
  });

  test('gives the name free, and nothing of what was spent under it', async () => {
    const id = `org-${randomUUID()}`;
    await make({ organization_id: id });
    expect((await chat(await keyOf({ organization_id: id }))).status).toBe(200);
    await call('DELETE /organization/delete', { organization_ids: [id] });
    expect(await make({ organization_id: id })).toMatchObject({ spend: 0, members: [] });
  });
});

describe('the budget of a member', () => {
  const spent = 0.000_1;
  const rowOf = async (id: string, userId: string) =>
    (await info(id)).body.members.find((row: { user_id: string }) => row.user_id === userId);
  const join = (id: string, user_id: string, max_budget_in_organization: number) =>
    call('POST /organization/member_add', {
      organization_id: id,
      member: { role: 'internal_user', user_id },
      max_budget_in_organization,
    });

  test('holds for keys of the organisation and of its teams, and for nobody else', async () => {
    const { organization_id: id } = await make();
    const { team_id } = (await call('POST /team/new', { organization_id: id })).body;
    const userId = `u-${randomUUID()}`;
    expect((await join(id, userId, 0.000_001)).status).toBe(200);
    const own = await keyOf({ user_id: userId, organization_id: id });
    const inTeam = await keyOf({ user_id: userId, team_id });
    const elsewhere = await keyOf({ user_id: userId });
    const another = await keyOf({ organization_id: id });

    expect(await rowOf(id, userId)).toMatchObject({ spend: 0 });
    const answer = await chat(own);
    expect(answer.status).toBe(200);
    const cost = Number(answer.headers['x-litellm-response-cost']);
    expect(cost).toBeGreaterThan(0.000_001);
    expect((await rowOf(id, userId)).spend).toBeCloseTo(cost, 12);
    for (const key of [own, inTeam]) {
      const { status, body } = await chat(key);
      expect([status, body.error.type]).toEqual([400, 'budget_exceeded']);
      expect(body.error.message).toContain(`User=${userId} in Organization=${id}`);
    }
    const explained = await call('POST /key/explain', { key: inTeam, model: 'mock-gpt' });
    expect(explained.body).toMatchObject({ allowed: false, error: { type: 'budget_exceeded' } });
    expect(explained.body.rules).toContainEqual(
      expect.objectContaining({
        rule: 'max_budget',
        passed: false,
        owner: expect.stringContaining('organization_member'),
      }),
    );
    for (const key of [elsewhere, another]) expect((await chat(key)).status).toBe(200);

    await call('PATCH /organization/member_update', {
      organization_id: id,
      user_id: userId,
      max_budget_in_organization: spent,
    });
    expect((await chat(inTeam)).status).toBe(200);
    expect((await rowOf(id, userId)).spend).toBeGreaterThan(cost);
  });

  test('begins anew for who comes back', async () => {
    const { organization_id: id } = await make();
    const userId = `u-${randomUUID()}`;
    await join(id, userId, spent);
    expect((await chat(await keyOf({ user_id: userId, organization_id: id }))).status).toBe(200);
    expect((await rowOf(id, userId)).spend).toBeGreaterThan(0);
    await call('DELETE /organization/member_delete', { organization_id: id, user_id: userId });
    expect((await join(id, userId, spent)).body.updated_organization_memberships).toMatchObject([{ spend: 0 }]);
  });

  test('is kept to by calls in parallel', async () => {
    const { organization_id: id } = await make();
    const userId = `u-${randomUUID()}`;
    const key = await keyOf({ user_id: userId, organization_id: id });
    await join(id, userId, 0.000_1);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        call(
          'POST /chat/completions',
          { model: 'mock-gpt', max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] },
          key,
        ),
      ),
    );
    const served = answers.filter(({ status }) => status === 200);
    const cost = served.reduce((sum, { headers }) => sum + Number(headers['x-litellm-response-cost']), 0);
    expect(served.length).toBeGreaterThan(0);
    expect(served.length).toBeLessThan(20);
    expect((await rowOf(id, userId)).spend).toBeCloseTo(cost, 12);
  });
});

describe('members', () => {
  test('are added with their part, and become users', async () => {
    const { organization_id: id } = await make();
    const email = `${randomUUID()}@example.com`;
    const member = [
      { role: 'org_admin', user_email: email },
      { role: 'internal_user', user_id: `u-${randomUUID()}` },
    ];
    const added = await call('POST /organization/member_add', {
      organization_id: id,
      member,
      max_budget_in_organization: 3,
    });
    expect(added.status).toBe(200);
    expect(added.headers).not.toHaveProperty('x-latchkey-not-enforced');
    expect(added.body).toMatchObject({
      organization_id: id,
      updated_users: [{ user_email: email }, { user_id: member[1]?.user_id }],
      updated_organization_memberships: [
        { user_role: 'org_admin', user_email: email, litellm_budget_table: { max_budget: 3 } },
        { user_role: 'internal_user', litellm_budget_table: { max_budget: 3 } },
      ],
    });
    expect((await info(id)).body.members).toHaveLength(2);
    expect(await call('POST /organization/member_add', { organization_id: id, member })).toMatchObject({
      status: 400,
      body: { error: { param: 'member' } },
    });
    const updated = await call('PATCH /organization/member_update', {
      organization_id: id,
      user_email: email,
      role: 'internal_user_viewer',
      max_budget_in_organization: 4,
    });
    expect(updated.body).toMatchObject({
      user_role: 'internal_user_viewer',
      litellm_budget_table: { max_budget: 4 },
    });
    const gone = { organization_id: id, user_email: email };
    expect(await call('DELETE /organization/member_delete', gone)).toMatchObject({
      status: 200,
      body: { user_email: email },
    });
    expect((await info(id)).body.members).toHaveLength(1);
    expect(await call('DELETE /organization/member_delete', gone)).toMatchObject({ status: 404 });
    expect(await call('PATCH /organization/member_update', gone)).toMatchObject({ status: 404 });
  });

  test('roles are those of organisations, and the organisation must exist', async () => {
    const { organization_id: id } = await make();
    const member = { role: 'proxy_admin', user_id: 'x' };
    expect(await call('POST /organization/member_add', { organization_id: id, member })).toMatchObject({ status: 422 });
    const body = { organization_id: 'nobody', member: { role: 'org_admin', user_id: 'x' } };
    expect(await call('POST /organization/member_add', body)).toMatchObject({ status: 404 });
  });

  test('who is taken out loses its keys of the organisation and no others', async () => {
    const { organization_id: id } = await make();
    const { userId, key } = await person(id, 'internal_user');
    const inside = await keyOf({ user_id: userId, organization_id: id });
    await call('DELETE /organization/member_delete', { organization_id: id, user_id: userId });
    expect([(await chat(inside)).status, (await chat(key)).status]).toEqual([401, 200]);
  });
});

describe('who may', () => {
  let ours: string;
  let theirs: string;
  let admin: { userId: string; key: string };
  let member: { userId: string; key: string };
  beforeAll(async () => {
    ours = (await make({ max_budget: 50, rpm_limit: 1000, models: ['mock-gpt'] })).organization_id;
    theirs = (await make()).organization_id;
    admin = await person(ours, 'org_admin');
    member = await person(ours, 'internal_user');
    await person(theirs, 'internal_user');
  });

  test('only administrators make and delete organisations', async () => {
    for (const { key } of [admin, member]) {
      const made = await call('POST /organization/new', { organization_alias: 'mine' }, key);
      expect(made.status).toBe(401);
      expect(made.body.error.message).toMatch(/^Only admins can create orgs\. Your role is = internal_user/);
      expect((await call('DELETE /organization/delete', { organization_ids: [ours] }, key)).status).toBe(401);
    }
  });

  test('an admin of the organisation renames and narrows it, and widens nothing', async () => {
    const update = (fields: object, key = admin.key) =>
      call('PATCH /organization/update', { organization_id: ours, ...fields }, key);
    expect(await update({ organization_alias: 'Ours', metadata: { a: 1 } })).toMatchObject({ status: 200 });
    expect((await update({ max_budget: 40 })).body).toMatchObject({ max_budget: 40 });
    for (const [fields, param] of [
      [{ max_budget: 60 }, 'max_budget'],
      [{ max_budget: null }, 'max_budget'],
      [{ rpm_limit: 2000 }, 'rpm_limit'],
      [{ models: [] }, 'models'],
      [{ budget_id: null }, 'budget_id'],
      [{ metadata: { temp_budget_increase: 5, temp_budget_expiry: '2100-01-01' } }, 'temp_budget_increase'],
    ] as const) {
      const { status, body } = await update(fields);
      expect([status, body.error.param]).toEqual([403, param]);
    }
    expect((await update({ organization_alias: 'x' }, member.key)).status).toBe(403);
    const others = { organization_id: theirs, organization_alias: 'x' };
    expect((await call('PATCH /organization/update', others, admin.key)).status).toBe(403);
  });

  test('an admin of the organisation manages its members, and not itself', async () => {
    const userId = `u-${randomUUID()}`;
    const body = { organization_id: ours, member: { role: 'org_admin', user_id: userId } };
    expect((await call('POST /organization/member_add', body, member.key)).status).toBe(403);
    expect((await call('POST /organization/member_add', body, admin.key)).status).toBe(200);
    expect((await call('POST /organization/member_add', { ...body, organization_id: theirs }, admin.key)).status).toBe(
      403,
    );
    const self = { organization_id: ours, user_id: admin.userId, role: 'internal_user' };
    expect(await call('PATCH /organization/member_update', self, admin.key)).toMatchObject({
      status: 403,
      body: { error: { param: 'role' } },
    });
    const out = { organization_id: ours, user_id: userId };
    expect((await call('DELETE /organization/member_delete', out, member.key)).status).toBe(403);
    expect((await call('DELETE /organization/member_delete', out, admin.key)).status).toBe(200);
  });

  test('nobody brings in somebody of another organisation but an administrator', async () => {
    const stranger = await person(theirs, 'internal_user');
    const body = { organization_id: ours, member: { role: 'internal_user', user_id: stranger.userId } };
    expect((await call('POST /organization/member_add', body, admin.key)).status).toBe(403);
    expect((await call('POST /organization/member_add', body)).status).toBe(200);
  });

  test('members see their organisation: admins all of it, others their own part', async () => {
    const mine = await call('POST /team/new', { organization_id: ours }, admin.key);
    expect(mine.status).toBe(200);
    const all = (await info(ours, admin.key)).body;
    expect(all.members.length).toBeGreaterThan(1);
    expect(all.teams).toMatchObject([{ team_id: mine.body.team_id }]);
    const part = (await info(ours, member.key)).body;
    expect(part.members).toMatchObject([{ user_id: member.userId }]);
    expect(part.teams).toEqual([]);
    expect((await info(theirs, admin.key)).status).toBe(403);
    expect((await info('nobody', admin.key)).status).toBe(403);
    const list = (await call('GET /organization/list', undefined, member.key)).body;
    expect(list.map((row: { organization_id: string }) => row.organization_id)).toEqual([ours]);
    expect((await call('POST /organization/info', { organizations: [theirs] }, member.key)).body).toEqual([]);
  });

  test('that is narrowed leaves its teams what they have, and lets none of it grow', async () => {
    const { organization_id: id } = (
      await call('POST /organization/new', { organization_alias: 'narrowed', max_budget: 100, models: ['a', 'b'] })
    ).body;
    const had = { max_budget: 80, tpm_limit: 9, models: ['a', 'b'] };
    const { team_id: teamId } = (await call('POST /team/new', { organization_id: id, ...had })).body;
    await call('PATCH /organization/update', { organization_id: id, max_budget: 50, tpm_limit: 5, models: ['a'] });
    const update = (body: object) => call('POST /team/update', { team_id: teamId, ...body });
    expect(await update({ team_alias: 'renamed', organization_id: id, ...had })).toMatchObject({
      status: 200,
      body: { data: { team_alias: 'renamed', ...had } },
    });
    for (const [field, body] of [
      ['max_budget', { max_budget: 81 }],
      ['max_budget', { max_budget: 70 }],
      ['tpm_limit', { tpm_limit: 6 }],
      ['models', { models: ['a', 'c'] }],
    ] as const) {
      expect(await update(body)).toMatchObject({ status: 400, body: { error: { param: field } } });
    }
    expect((await call('POST /team/model/add', { team_id: teamId, models: ['c'] })).status).toBe(400);
    expect((await call('POST /team/model/add', { team_id: teamId, models: ['a'] })).status).toBe(200);
    expect((await update({ max_budget: 40, models: ['b'] })).status).toBe(200);
  });

  test('an admin of the organisation makes teams and keys within it, and none beyond', async () => {
    const within = await call('POST /team/new', { organization_id: ours, max_budget: 10 }, admin.key);
    expect(within.status).toBe(200);
    const beyond = await call('POST /team/new', { organization_id: ours, max_budget: 1000 }, admin.key);
    expect(beyond).toMatchObject({ status: 400, body: { error: { param: 'max_budget' } } });
    expect((await call('POST /team/new', { organization_id: theirs }, admin.key)).status).toBe(401);
    const key = { organization_id: ours, user_id: member.userId };
    expect((await call('POST /key/generate', key, admin.key)).status).toBe(200);
    expect((await call('POST /key/generate', { ...key, organization_id: theirs }, admin.key)).status).toBe(400);
  });

  test('refused attempts are in the audit log', async () => {
    await call('DELETE /organization/delete', { organization_ids: [ours] }, member.key);
    const rows = await auditOf(ours);
    expect(rows[0]).toMatchObject({ action: 'denied', table_name: 'LiteLLM_OrganizationTable' });
  });
});
