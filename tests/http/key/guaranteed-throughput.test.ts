// Keys with guaranteed throughput: their limits fit, together, into those of their team and organisation.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const GUARANTEED = 'guaranteed_throughput';
const clock = { nowMs: Date.parse('2026-05-04T10:00:00Z') };

let lastTeam = 0;

describe.each(['sqlite', 'postgres'] as const)('guaranteed throughput on %s', (dialect) => {
  let database: TestDatabase | undefined;
  const gateways: TestApp[] = [];
  beforeAll(async () => {
    if (dialect === 'postgres') database = await createTestDatabase();
    for (let started = 0; started < (dialect === 'postgres' ? 2 : 1); started += 1) {
      const options = database === undefined ? {} : { databaseUrl: database.url };
      gateways.push(await startTestApp({ nowMs: () => clock.nowMs, ...options }));
    }
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    await database?.drop();
  });

  const post = (path: string, body: object, gateway = gateways[0] as TestApp): Promise<Answer> =>
    callGateway(gateway, `POST ${path}`, { body });
  const team = async (fields: object): Promise<string> => {
    const { status, body } = await post('/team/new', { team_id: `${dialect}-t${++lastTeam}`, ...fields });
    expect(status).toBe(200);
    return body.team_id;
  };
  const guaranteed = (team_id: string | undefined, rpm_limit: number, more: object = {}) =>
    post('/key/generate', { team_id, rpm_limit, rpm_limit_type: GUARANTEED, ...more });
  const refused = (message: string, param = 'rpm_limit') => ({
    status: 400,
    body: { error: { message: expect.stringContaining(message), param, code: '400' } },
  });

  test('fits up to the team’s limit and not beyond; a refused key leaves nothing behind', async () => {
    const team_id = await team({ rpm_limit: 100, tpm_limit: 1000 });
    const first = await guaranteed(team_id, 60);
    expect(first).toMatchObject({ status: 200, body: { rpm_limit_type: GUARANTEED, rpm_limit: 60 } });
    expect(first.headers['x-latchkey-not-enforced']).toBeUndefined();
    const tooMuch = 'Allocated RPM limit=60 + Key RPM limit=50 is greater than team RPM limit=100. 40 is left';
    expect(await guaranteed(team_id, 50, { key_alias: `${team_id}-b` })).toMatchObject(refused(tooMuch));
    expect(await guaranteed(team_id, 40, { key_alias: `${team_id}-b` })).toMatchObject({ status: 200 });
    expect(await guaranteed(team_id, 1)).toMatchObject(refused('Allocated RPM limit=100 + Key RPM limit=1'));
    // Tokens go by their own type.
    const tokens = { tpm_limit: 1001, tpm_limit_type: GUARANTEED };
    expect(await post('/key/generate', { team_id, ...tokens })).toMatchObject(
      refused('Allocated TPM limit=0 + Key TPM limit=1001 is greater than team TPM limit=1000', 'tpm_limit'),
    );
    expect(await guaranteed(team_id, 0, { tpm_limit: 1001 })).toMatchObject({ status: 200 });
    // No guarantee without a limit, and none is needed.
    expect((await post('/key/generate', { team_id, rpm_limit_type: GUARANTEED })).status).toBe(200);
  });

  test('counts keys of other types, which are never refused', async () => {
    const team_id = await team({ rpm_limit: 100 });
    for (const rpm_limit_type of ['best_effort_throughput', 'dynamic', null, undefined]) {
      expect((await post('/key/generate', { team_id, rpm_limit: 30, rpm_limit_type })).status).toBe(200);
    }
    expect(await guaranteed(team_id, 10)).toMatchObject(refused('Allocated RPM limit=120'));
    const left = await post('/key/generate', { rpm_limit: 1, rpm_limit_type: GUARANTEED });
    expect(left.status).toBe(200);
  });

  test('holds per model, within the model’s limit and within the whole', async () => {
    const team_id = await team({
      rpm_limit: 100,
      model_rpm_limit: { a: 30 },
      metadata: { model_tpm_limit: { a: 500 } },
    });
    const perModel = (model_rpm_limit: object) =>
      post('/key/generate', { team_id, model_rpm_limit, rpm_limit_type: GUARANTEED });
    expect((await perModel({ a: 20, b: 90 })).status).toBe(200);
    expect(await perModel({ a: 11 })).toMatchObject(
      refused(
        'Allocated RPM limit=20 + Key RPM limit=11 is greater than team RPM limit=30 for model=a',
        'model_rpm_limit',
      ),
    );
    expect(await perModel({ b: 11 })).toMatchObject(
      refused(
        'Allocated RPM limit=90 + Key RPM limit=11 is greater than team RPM limit=100 for model=b',
        'model_rpm_limit',
      ),
    );
    expect((await perModel({ a: 10, b: 10 })).status).toBe(200);
    const tokens = {
      model_max_budget: { a: { budget_limit: 1, time_period: '1d', tpm_limit: 501 } },
      tpm_limit_type: GUARANTEED,
    };
    expect(await post('/key/generate', { team_id, ...tokens })).toMatchObject(
      refused('Key TPM limit=501 is greater than team TPM limit=500 for model=a', 'model_tpm_limit'),
    );
  });

  test('goes by the limits of budget rows, of the organisation and of the team', async () => {
    const name = await team({});
    await post('/budget/new', { budget_id: `${name}-hundred`, rpm_limit: 100 });
    const { body: organization } = await post('/organization/new', {
      organization_alias: name,
      budget_id: `${name}-hundred`,
    });
    const { organization_id } = organization;
    const [one, two] = [await team({ organization_id, rpm_limit: 80 }), await team({ organization_id })];
    expect((await guaranteed(one, 70)).status).toBe(200);
    expect(await guaranteed(two, 40)).toMatchObject(
      refused('Allocated RPM limit=70 + Key RPM limit=40 is greater than organization RPM limit=100'),
    );
    expect((await guaranteed(two, 10)).status).toBe(200);
    expect(await guaranteed(undefined, 21, { organization_id })).toMatchObject(refused('Allocated RPM limit=80'));
    const linked = await team({ budget_id: `${name}-hundred` });
    const row = { team_id: linked, budget_id: `${name}-hundred`, rpm_limit_type: GUARANTEED };
    expect((await post('/key/generate', row)).status).toBe(200);
    expect(await post('/key/generate', row)).toMatchObject(refused('Allocated RPM limit=100 + Key RPM limit=100'));
  });

  test('is asked of whatever changes a key, and of nothing that takes less', async () => {
    const team_id = await team({ rpm_limit: 100 });
    const { key } = (await guaranteed(team_id, 60)).body;
    const { key: plain } = (await post('/key/generate', { team_id, rpm_limit: 30 })).body;
    const tooMuch = refused('Allocated RPM limit=30 + Key RPM limit=71 is greater than team RPM limit=100');
    expect(await post('/key/update', { key, rpm_limit: 71 })).toMatchObject(tooMuch);
    expect(await post('/key/regenerate', { key, rpm_limit: 71 })).toMatchObject(tooMuch);
    expect(await post('/key/bulk_update', { keys: [{ key, rpm_limit: 71 }] })).toMatchObject({
      status: 200,
      body: { failed_updates: [{ failed_reason: tooMuch.body.error.message }] },
    });
    const bulk = { team_id, key_ids: [plain], update_fields: { rpm_limit: 41, rpm_limit_type: GUARANTEED } };
    expect(await post('/team/key/bulk_update', bulk)).toMatchObject({
      body: { failed_updates: [{ failed_reason: expect.stringContaining('Key RPM limit=41') }] },
    });
    const account = { team_id, rpm_limit: 11, rpm_limit_type: GUARANTEED };
    expect(await post('/key/service-account/generate', account)).toMatchObject(refused('Key RPM limit=11'));
    expect((await post('/key/update', { key, rpm_limit: 70 })).status).toBe(200);

    // As in LiteLLM, a team may be given less than it has promised; its keys may then become less, and not more.
    expect((await post('/team/update', { team_id, rpm_limit: 50 })).status).toBe(200);
    expect((await post('/key/update', { key, rpm_limit: 70, max_budget: 1 })).status).toBe(200);
    expect((await post('/key/update', { key, rpm_limit: 65 })).status).toBe(200);
    expect(await post('/key/update', { key, rpm_limit: 66 })).toMatchObject(refused('Key RPM limit=66'));
    expect((await post('/key/regenerate', { key })).status).toBe(200);
    expect(await post('/key/update', { key: plain, rpm_limit_type: GUARANTEED })).toMatchObject(
      refused('Key RPM limit=30'),
    );
    const other = await team({ rpm_limit: 10 });
    expect(await post('/key/update', { key: plain, rpm_limit_type: GUARANTEED, team_id: other })).toMatchObject(
      refused('Allocated RPM limit=0 + Key RPM limit=30 is greater than team RPM limit=10'),
    );
  });

  test('is given back by deleting a key and by its end, and asked for again when it is brought back', async () => {
    const team_id = await team({ rpm_limit: 100 });
    const { key: deleted } = (await guaranteed(team_id, 50)).body;
    const { key: expiring } = (await guaranteed(team_id, 50, { duration: '1h' })).body;
    expect((await guaranteed(team_id, 50)).status).toBe(400);
    await post('/key/block', { key: deleted });
    expect((await guaranteed(team_id, 50)).status).toBe(400);
    await post('/key/delete', { keys: [deleted] });
    expect((await guaranteed(team_id, 50)).status).toBe(200);
    clock.nowMs += 3_600_000;
    expect((await guaranteed(team_id, 50)).status).toBe(200);
    expect(await post('/key/update', { key: expiring, duration: '1h' })).toMatchObject(
      refused('Allocated RPM limit=100'),
    );
  });

  test('fifty keys at once, over every gateway there is, never get more than there is', async () => {
    const { organization_id } = (
      await post('/organization/new', { organization_alias: `${dialect}-all`, tpm_limit: 1000 })
    ).body;
    const teams = [
      await team({ organization_id, rpm_limit: 100, model_rpm_limit: { a: 35 } }),
      await team({ organization_id, rpm_limit: 100, model_rpm_limit: { a: 35 } }),
    ];
    const makeMany = async (fields: object): Promise<number[]> => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          post('/key/generate', { team_id: teams[n % 2], ...fields }, gateways[(n >> 1) % gateways.length]),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]));
      return teams.map(
        (team_id) => answers.filter(({ status, body }) => status === 200 && body.team_id === team_id).length,
      );
    };
    expect(await makeMany({ rpm_limit: 7, rpm_limit_type: GUARANTEED })).toEqual([14, 14]);
    expect(await makeMany({ model_rpm_limit: { a: 3 }, rpm_limit_type: GUARANTEED })).toEqual([11, 11]);
    const [one = 0, two = 0] = await makeMany({ tpm_limit: 30, tpm_limit_type: GUARANTEED });
    expect(one + two).toBe(33);
  }, 60_000);

  test('changes at once are decided one after the other', async () => {
    const team_id = await team({ rpm_limit: 100 });
    const keys = await Promise.all(
      Array.from(
        { length: 20 },
        async () => (await post('/key/generate', { team_id, rpm_limit: 1 })).body.key as string,
      ),
    );
    const answers = await Promise.all(
      keys.map((key, n) =>
        post('/key/update', { key, rpm_limit: 21, rpm_limit_type: GUARANTEED }, gateways[n % gateways.length]),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(16);
  });

  test('a type that there is not is refused, wherever it stands', async () => {
    const unknown = { rpm_limit_type: 'guaranteed' };
    expect(await post('/key/generate', unknown)).toMatchObject({
      status: 422,
      body: { error: { param: 'rpm_limit_type' } },
    });
    expect(await post('/key/generate', { metadata: unknown })).toMatchObject({
      status: 400,
      body: {
        error: { param: 'metadata', message: expect.stringContaining('metadata.rpm_limit_type must be one of') },
      },
    });
    const { key } = (await post('/key/generate', {})).body;
    for (const path of ['/key/update', '/key/regenerate']) {
      expect(await post(path, { key, tpm_limit_type: 'most' })).toMatchObject({
        status: 422,
        body: { error: { param: 'tpm_limit_type' } },
      });
    }
  });

  test('a type within metadata counts as well', async () => {
    const team_id = await team({ rpm_limit: 10 });
    const metadata = { rpm_limit_type: GUARANTEED };
    expect(await post('/key/generate', { team_id, rpm_limit: 11, metadata })).toMatchObject(
      refused('Key RPM limit=11'),
    );
  });
});
