// The switch: a LiteLLM database is taken over, and its keys, budgets and members go on as if nothing had happened.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import {
  createLitellmDatabase,
  LITELLM_SALT_KEY,
  oldSecret,
  oldToken,
  query,
  SEALED_CREDENTIAL,
} from '../support/litellm-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { runLatchkey } from '../support/run-latchkey.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-import-'));
const saltFile = join(folder, 'litellm-salt.txt');
writeFileSync(saltFile, `${LITELLM_SALT_KEY}\n`);
let upstream: FakeUpstream;
let litellm: TestDatabase;
beforeAll(async () => {
  upstream = await startFakeUpstream();
  litellm = await createLitellmDatabase(upstream.apiBase);
});
afterAll(async () => {
  await litellm.drop();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: a report is looked into here and there.
type Report = any;

function tableOf(report: Report, table: string): Report {
  return report.tables.find((one: { table: string }) => one.table === table);
}

function findingsOf(report: Report, table: string, row: string): string[] {
  const all: { kind: string; row: string; field: string | null }[] = tableOf(report, table).findings;
  return all.filter((finding) => finding.row === row).map(({ kind, field }) => `${kind} ${field}`);
}

describe.each(['SQLite', 'PostgreSQL'])('into %s', (kind) => {
  const dataDir = join(folder, kind);
  let target: TestDatabase | null = null;
  let gateway: GatewayProcess;
  let env: Record<string, string> = {};
  let dry: Report;
  let first: Report;

  async function importLitellm(...flags: string[]): Promise<Report> {
    const key = ['--litellm-key-file', saltFile];
    const args = ['import', 'litellm', '--from', litellm.url, '--data-dir', dataDir, '--json', ...key, ...flags];
    const { code, out, err } = await runLatchkey(args, env);
    expect(err).toBe('');
    expect(code, out).toBe(0);
    return JSON.parse(out);
  }
  const start = async () => {
    gateway = await startGateway({ config: configFor(upstream), dataDir, env });
  };

  beforeAll(async () => {
    if (kind === 'PostgreSQL') target = await createTestDatabase();
    env = target === null ? {} : { DATABASE_URL: target.url };
    dry = await importLitellm('--dry-run');
    if (target === null) expect(existsSync(dataDir)).toBe(false);
    else
      expect(await query(target.url, "select 1 from information_schema.tables where table_schema = 'public'")).toEqual(
        [],
      );
    // On PostgreSQL beside a running gateway, which has to notice.
    if (target !== null) await start();
    first = await importLitellm();
    if (target === null) await start();
  });
  afterAll(async () => {
    await gateway?.stop();
    await target?.drop();
  });

  async function call(name: string, model: string, more: object = {}) {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${oldSecret(name)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10, ...more }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers and refusals.
    return { status: answer.status, body: (await answer.json()) as any };
  }
  const info = async (name: string) => (await gateway.admin(`/key/info?key=${oldToken(name)}`)).body.info;

  test('a dry run tells what the real one then does', () => {
    expect(dry.dry_run).toBe(true);
    expect({ ...dry, dry_run: false }).toEqual(first);
  });

  test('the report counts every row of every table', () => {
    const counts = Object.fromEntries(
      first.tables.map((t: Report) => [t.table, [t.rows, t.taken, t.unchanged, t.conflicts, t.not_mapped]]),
    );
    expect(counts).toEqual({
      LiteLLM_BudgetTable: [4, 4, 0, 0, 0],
      LiteLLM_OrganizationTable: [1, 1, 0, 0, 0],
      LiteLLM_UserTable: [4, 4, 0, 0, 0],
      LiteLLM_OrganizationMembership: [2, 2, 0, 0, 0],
      LiteLLM_TeamTable: [4, 4, 0, 0, 0],
      LiteLLM_TeamMembership: [7, 5, 0, 0, 2],
      LiteLLM_EndUserTable: [2, 2, 0, 0, 0],
      LiteLLM_TagTable: [1, 1, 0, 0, 0],
      LiteLLM_ProxyModelTable: [3, 2, 0, 0, 1],
      LiteLLM_VerificationToken: [19, 18, 0, 0, 1],
      LiteLLM_DeletedVerificationToken: [1, 1, 0, 0, 0],
    });
    expect(first.other_tables).toEqual(['LiteLLM_SpendLogs']);
  });

  test('the report says which row and which field could not be taken over, and why', () => {
    expect(findingsOf(first, 'LiteLLM_VerificationToken', 'sk-never-hashed')).toEqual(['row token']);
    expect(findingsOf(first, 'LiteLLM_VerificationToken', oldToken('twin-b'))).toEqual(['field key_alias']);
    expect(findingsOf(first, 'LiteLLM_VerificationToken', oldToken('adrift'))).toEqual(['field budget_reset_at']);
    expect(findingsOf(first, 'LiteLLM_VerificationToken', oldToken('odd')).sort()).toEqual([
      'field key_type',
      'field max_budget',
      'field models',
    ]);
    expect(findingsOf(first, 'LiteLLM_VerificationToken', oldToken('team'))).toEqual(['field previous_secrets']);
    expect(findingsOf(first, 'LiteLLM_VerificationToken', oldToken('blocked'))).toEqual([]);
    expect(findingsOf(first, 'LiteLLM_UserTable', 'ada-again').sort()).toEqual(['field user_email', 'field user_role']);
    expect(findingsOf(first, 'LiteLLM_UserTable', 'litellm-proxy-budget')).toEqual(['field max_budget']);
    expect(findingsOf(first, 'LiteLLM_TeamMembership', 'team-1 gone')).toEqual(['row null']);
    expect(findingsOf(first, 'LiteLLM_ProxyModelTable', 'model-lost')).toEqual(['row litellm_params.api_key']);
    expect(findingsOf(first, 'LiteLLM_BudgetTable', 'bad-window').sort()).toEqual([
      'field budget_duration',
      'field rpm_limit',
    ]);
    expect(tableOf(first, 'LiteLLM_VerificationToken').unused_columns).toEqual([
      { column: 'tpd_limit', rows: 1, why: expect.stringContaining('a day') },
      { column: 'favourite_colour', rows: 1, why: expect.stringContaining('no such field') },
    ]);
    expect(tableOf(first, 'LiteLLM_UserTable').unused_columns).toMatchObject([{ column: 'password', rows: 1 }]);
  });

  test('an old key calls with the secret that it always had', async () => {
    expect((await call('team', 'mocked')).status).toBe(200);
    expect((await call('bare', 'mocked')).status).toBe(200);
    // The team's alias for a model.
    expect((await call('team', 'cheap')).status).toBe(200);
  });

  test('the secret before the last rotation opens its key for as long as it would have there', async () => {
    expect((await call('team-previous', 'mocked')).status).toBe(200);
    const { previous } = (await info('team')).rotation;
    expect(previous).toMatchObject([{ token: oldToken('team-previous') }]);
    const hoursLeft = (Date.parse(previous[0].valid_until) - Date.now()) / 3_600_000;
    expect(hoursLeft).toBeGreaterThan(47);
    expect(hoursLeft).toBeLessThan(48);
    for (const name of ['team-gone', 'team-older', 'orphan']) expect((await call(name, 'mocked')).status).toBe(401);
    // There, a key's own secret goes before one that another key had.
    expect((await gateway.admin(`/key/info?key=${oldSecret('bare')}`)).body.info.key_alias).toBe(null);
  });

  test('what was closed there is closed here', async () => {
    expect((await call('blocked', 'mocked')).status).toBe(401);
    expect((await call('expired', 'mocked')).body.error.type).toBe('expired_key');
    expect((await call('deleted', 'mocked')).status).toBe(401);
    expect((await call('halted', 'mocked')).status).toBe(401);
    expect((await call('team', 'free')).body.error.type).toBe('key_model_access_denied');
    expect((await call('odd', 'mocked')).status).not.toBe(200);
    expect((await call('bare', 'mocked', { user: 'customer-2' })).status).not.toBe(200);
  });

  test('budgets go on from what was spent: of a key, of a member', async () => {
    expect((await call('spent', 'dime')).body.error.type).toBe('budget_exceeded');
    const refused = await call('member', 'dime');
    expect(refused.body.error.type).toBe('budget_exceeded');
    expect(refused.body.error.message).toContain('in Team=team-1');
  });

  test('further budgets go on from what was spent in their open windows', async () => {
    expect((await info('windows')).budget_limits_usage).toEqual({
      '1d': { current_spend: 1.25 },
      '7d': { current_spend: 0 },
      '1mo': { current_spend: 0 },
    });
    // Counted together with the key's own budget of the same length.
    const doubled = await info('doubled');
    expect([doubled.spend, doubled.budget_limits_usage]).toEqual([4, { '30d': { current_spend: 4 } }]);
    const refused = await call('grouped', 'dime');
    expect(refused.body.error.type).toBe('budget_exceeded');
    expect(refused.body.error.message).toContain('team-windowed');
  });

  test('rates hold', async () => {
    expect((await call('rpm', 'mocked')).status).toBe(200);
    expect((await call('rpm', 'mocked')).status).toBe(429);
  });

  test('a model is called with the credential that LiteLLM had sealed', async () => {
    expect((await call('bare', 'plain-model')).body.choices[0].message.content).toBe('taken over');
    expect((await call('bare', 'sealed-model')).status).toBe(200);
    expect((await call('bare', 'lost-model')).status).toBe(400);
    const { body } = await gateway.admin('/model/info');
    expect(JSON.stringify(body)).not.toContain(SEALED_CREDENTIAL);
  });

  test('/key/info shows what LiteLLM showed', async () => {
    const endOfMonth = new Date();
    endOfMonth.setUTCMonth(endOfMonth.getUTCMonth() + 1, 1);
    endOfMonth.setUTCHours(0, 0, 0, 0);
    const monthly = await info('monthly');
    expect(Date.parse(monthly.budget_reset_at)).toBe(endOfMonth.getTime());
    expect(monthly).toMatchObject({
      key_alias: 'monthly-key',
      max_budget: 10,
      budget_duration: '30d',
      spend: 3.5,
    });
    expect(await info('past')).toMatchObject({ max_budget: 10, budget_duration: '1d', spend: 0 });
    const team = await info('team');
    expect(team).toMatchObject({
      key_name: 'sk-...6789',
      key_alias: 'team-key',
      user_id: 'ada',
      team_id: 'team-1',
      models: ['mocked', 'cheap'],
      max_budget: 50,
      rpm_limit: 1000,
      tpm_limit: 1_000_000,
      metadata: { tags: ['blue'], note: 'kept' },
      model_max_budget: { mocked: { budget_limit: 5, time_period: '1d' } },
      created_by: 'ada',
    });
    expect([team.key_type, (await info('odd')).key_type]).toEqual(['llm_api', null]);
    expect((await info('linked')).litellm_budget_table).toMatchObject({ budget_id: 'customer-budget', max_budget: 2 });
    expect(Date.parse(team.created_at)).toBe(Date.parse('2025-02-03T04:05:06.789Z'));
    expect(team.spend).toBeGreaterThanOrEqual(7.5);
    expect((await info('twin-a')).key_alias).toBe('twin');
    expect((await info('twin-b')).key_alias).toBe(null);
  });

  test('/team/info, /user/info and the others show what LiteLLM showed', async () => {
    const team = (await gateway.admin('/team/info?team_id=team-1')).body;
    expect(team.team_info).toMatchObject({ team_alias: 'Research', organization_id: 'org-1', max_budget: 100 });
    expect(team.team_info.spend).toBeGreaterThanOrEqual(30.125);
    expect(team.team_info.members_with_roles.map((m: Report) => `${m.user_id} ${m.role}`).sort()).toEqual([
      'ada admin',
      'bob user',
    ]);
    expect(team.team_memberships.find((m: Report) => m.user_id === 'bob')).toMatchObject({
      spend: 0.5,
      budget_id: 'member-budget',
      litellm_budget_table: { allowed_models: ['mocked', 'dime'] },
    });
    const old = (await gateway.admin('/team/info?team_id=team-old')).body;
    expect(old.team_info.members_with_roles.map((m: Report) => `${m.user_id} ${m.role}`).sort()).toEqual([
      'ada admin',
      'bob user',
      'carol user',
    ]);
    const user = (await gateway.admin('/user/info?user_id=ada')).body;
    expect(user.user_info).toMatchObject({
      user_email: 'ada@example.com',
      user_alias: 'Ada',
      user_role: 'internal_user',
      max_budget: 20,
      rpm_limit: 500,
      metadata: { cost_center: 'r-and-d' },
    });
    expect(user.keys.map((key: Report) => key.key_alias)).toEqual(['team-key']);
    expect((await gateway.admin('/customer/info?end_user_id=customer-1')).body).toMatchObject({
      spend: 1.25,
      alias: 'First',
      allowed_model_region: 'eu',
    });
    expect((await gateway.admin('/budget/info', { budgets: ['customer-budget'] })).body).toMatchObject([
      { max_budget: 2, rpm_limit: 100 },
    ]);
    expect((await gateway.admin('/organization/info?organization_id=org-1')).body).toMatchObject({
      organization_alias: 'Acme',
    });
    expect((await gateway.admin('/global/spend')).status).toBe(200);
  });

  test('a second run finds everything unchanged, and writes nothing', async () => {
    const counted = async () => {
      const { body } = await gateway.admin('/audit?page_size=1');
      const { body: details } = await gateway.admin('/health/readiness/details');
      return { audit: body.total, feed: details.change_feed_position };
    };
    const before = await counted();
    const second = await importLitellm();
    expect({ taken: second.taken, conflicts: second.conflicts }).toEqual({ taken: 0, conflicts: 0 });
    expect(second.unchanged).toBe(first.taken);
    expect(second.not_mapped).toBe(first.not_mapped);
    expect(await counted()).toEqual(before);
  });

  test("LiteLLM's salt key is not taken for the gateway's own", async () => {
    const { code, err } = await runLatchkey(['import', 'litellm', '--from', litellm.url, '--data-dir', dataDir], {
      ...env,
      LITELLM_SALT_KEY,
    });
    expect(code).toBe(1);
    expect(err).toContain('another salt key');
  });

  test('what was changed or deleted here since is told and left alone', async () => {
    await gateway.admin('/key/update', { key: oldToken('adrift'), max_budget: 99 });
    await gateway.admin('/key/delete', { keys: [oldToken('twin-b')] });
    const again = await importLitellm();
    expect(again.conflicts).toBe(2);
    expect(findingsOf(again, 'LiteLLM_VerificationToken', oldToken('adrift'))).toContain('conflict max_budget');
    expect(findingsOf(again, 'LiteLLM_VerificationToken', oldToken('twin-b'))).toContain('conflict null');
    expect((await info('adrift')).max_budget).toBe(99);
    expect((await call('twin-b', 'mocked')).status).toBe(401);
  });

  test('the books and the audit log are in order', async () => {
    await gateway.stop();
    const place = ['--data-dir', dataDir, '--json'];
    const doctor = await runLatchkey(['doctor', '--url', 'http://127.0.0.1:9', ...place], env);
    expect(doctor.code, doctor.out).toBe(0);
    const audit = await runLatchkey(['audit', 'verify', ...place], env);
    expect(JSON.parse(audit.out).fault_count).toBe(0);
  });
});

describe('what is told of the address', () => {
  test('a password is in no output and no error', async () => {
    const url = new URL(litellm.url);
    url.password = 'hunter2-canary';
    url.pathname = '/there_is_no_such_database';
    for (const from of [url.href, 'postgres://u:hunter2-canary@host:port:port/x', 'mysql://u:hunter2-canary@host/x']) {
      const { code, out, err } = await runLatchkey([
        'import',
        'litellm',
        '--from',
        from,
        '--dry-run',
        '--data-dir',
        join(folder, 'none'),
      ]);
      expect(code).not.toBe(0);
      expect(out + err).not.toContain('hunter2-canary');
    }
  });

  test('a database without LiteLLM in it is said to be one', async () => {
    const empty = await createTestDatabase();
    const { code, err } = await runLatchkey([
      'import',
      'litellm',
      '--from',
      empty.url,
      '--dry-run',
      '--data-dir',
      join(folder, 'none'),
    ]);
    await empty.drop();
    expect(code).toBe(1);
    expect(err).toContain('no LiteLLM tables');
  });
});
