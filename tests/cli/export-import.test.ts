// An installation is carried to another database: exported from SQLite, taken in by PostgreSQL, and the same there.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { query } from '../support/litellm-database.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { runLatchkey } from '../support/run-latchkey.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-export-'));
const [here, there] = [join(folder, 'here'), join(folder, 'there')];
const file = join(folder, 'export.ndjson');
const CANARIES = ['canary-provider', 'canary-callback', 'canary-router', 'sk-canary-in-a-note-0123456789'];
let upstream: FakeUpstream;
let target: TestDatabase;
let secret: string;
let hash: string;
let exported: string;

beforeAll(async () => {
  upstream = await startFakeUpstream();
  target = await createTestDatabase();
  const gateway = await startGateway({ config: configFor(upstream), dataDir: here });
  const post = async (path: string, body: object) => {
    const answer = await gateway.admin(path, body);
    expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(200);
    return answer.body;
  };
  await post('/budget/new', { budget_id: 'small', max_budget: 1, budget_duration: '1d' });
  await post('/organization/new', { organization_id: 'org', organization_alias: 'Org' });
  await post('/user/new', { user_id: 'ada', user_email: 'ada@example.com', auto_create_key: false, max_budget: 7 });
  await post('/organization/member_add', { organization_id: 'org', member: { user_id: 'ada', role: 'internal_user' } });
  await post('/team/new', { team_id: 'crew', organization_id: 'org', model_aliases: { cheap: 'dime' } });
  await post('/team/member_add', { team_id: 'crew', member: { user_id: 'ada', role: 'user' }, max_budget_in_team: 3 });
  await post('/customer/new', { user_id: 'customer', budget_id: 'small' });
  await post('/tag/new', { name: 'blue', max_budget: 5 });
  await post('/model/new', {
    model_name: 'added',
    litellm_params: { model: 'openai/added', api_base: upstream.apiBase, api_key: CANARIES[0] },
    model_info: { id: 'model-added' },
  });
  const made = await post('/key/generate', {
    key_alias: 'carried',
    user_id: 'ada',
    team_id: 'crew',
    max_budget: 2,
    budget_duration: '30d',
    model_max_budget: { dime: { budget_limit: 1, time_period: '1d' } },
    router_settings: { model_list: [{ api_key: CANARIES[2] }] },
    metadata: {
      tags: ['blue'],
      note: `do not use ${CANARIES[3]}`,
      logging: [
        {
          callback_name: 'langfuse',
          callback_vars: { langfuse_host: 'https://logs', langfuse_secret_key: CANARIES[1] },
        },
      ],
    },
  });
  secret = made.key;
  hash = made.token_id;
  const call = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'dime', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10 }),
  });
  expect(call.status).toBe(200);
  await gateway.newKey({ key_alias: 'deleted' });
  await post('/key/delete', { key_aliases: ['deleted'] });
  await gateway.stop();
  const { code, err } = await runLatchkey(['export', '--data-dir', here, '--out', file]);
  expect(code, err).toBe(0);
  exported = readFileSync(file, 'utf8');
}, 120_000);
afterAll(async () => {
  await target.drop();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const env = () => ({ DATABASE_URL: target.url });
const importFile = async (path = file, ...flags: string[]) => {
  const result = await runLatchkey(['import', path, '--data-dir', there, '--json', ...flags], env());
  return { ...result, report: result.code === 0 ? JSON.parse(result.out) : null };
};

test('an export is lines of JSON: a head with a version, then a record each', () => {
  const lines = exported
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ kind: 'latchkey_export', version: 1 });
  expect([...new Set(lines.slice(1).map(({ kind }) => kind))]).toEqual([
    'budget',
    'organization',
    'user',
    'organization_member',
    'team',
    'team_member',
    'end_user',
    'tag',
    'model',
    'key',
    'balance',
  ]);
  const keys = lines.filter(({ kind }) => kind === 'key');
  expect(keys).toMatchObject([{ hash, alias: 'carried', max_budget_nano_usd: 2_000_000_000 }]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('no secret is in it: not of keys, providers or log destinations, nor one in a note', () => {
  for (const canary of [secret, ...CANARIES]) expect(exported).not.toContain(canary);
  expect(exported).toContain('https://logs');
});

test('taken in elsewhere and exported again, it is the same', async () => {
  expect((await importFile(file, '--dry-run')).report).toMatchObject({ dry_run: true, conflicts: 0, not_mapped: 0 });
  expect(await query(target.url, "select 1 from information_schema.tables where table_schema = 'public'")).toEqual([]);
  const { report } = await importFile();
  expect(report).toMatchObject({ unchanged: 0, conflicts: 0, not_mapped: 0 });
  expect(report.taken).toBe(exported.trimEnd().split('\n').length - 1);
  const again = await runLatchkey(['export', '--data-dir', there], env());
  expect(again.out).toBe(exported);
});

test('taken in twice, nothing changes', async () => {
  const count = () =>
    query(target.url, 'select (select count(*) from audit_log) as audit, (select max(seq) from changes) as feed');
  const before = await count();
  const { report } = await importFile();
  expect(report).toMatchObject({ taken: 0, conflicts: 0, not_mapped: 0 });
  expect(await count()).toEqual(before);
});

test('the key works there with its secret, its budget goes on, and the books add up', async () => {
  const gateway = await startGateway({ config: configFor(upstream), dataDir: there, env: env() });
  const { body } = await gateway.admin(`/key/info?key=${hash}`);
  expect(body.info.spend).toBeCloseTo(0.1, 10);
  const call = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'cheap', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 10 }),
  });
  expect(call.status).toBe(200);
  await gateway.stop();
  const doctor = await runLatchkey(['doctor', '--data-dir', there, '--url', 'http://127.0.0.1:9', '--json'], env());
  expect(doctor.code, doctor.out).toBe(0);
});

test('what stands otherwise here is a conflict, and stays', async () => {
  const changed = join(folder, 'changed.ndjson');
  writeFileSync(changed, exported.replace('"max_budget_nano_usd":2000000000', '"max_budget_nano_usd":9000000000'));
  const { report } = await importFile(changed);
  const keys = report.tables.find(({ table }: { table: string }) => table === 'key');
  expect(keys).toMatchObject({ taken: 0, conflicts: 1, findings: [{ kind: 'conflict', field: 'max_budget' }] });
  expect(await query(target.url, 'select max_budget_nano_usd from keys')).toEqual([
    { max_budget_nano_usd: '2000000000' },
  ]);
});

test.each([
  ['an empty file', '', 'empty'],
  ['another file', '{"kind":"key"}\n', 'Line 1'],
  ['a form of the future', '{"kind":"latchkey_export","version":2}\n', 'form 2'],
  ['a line that is cut off', '{"kind":"latchkey_export","version":1}\n{"kind":"us', 'Line 2'],
  ['a kind of the future', '{"kind":"latchkey_export","version":1}\n{"kind":"dream"}\n', 'Line 2'],
])('%s is refused with the line', async (_, text, message) => {
  const bad = join(folder, 'bad.ndjson');
  writeFileSync(bad, text);
  const { code, err } = await importFile(bad);
  expect(code).toBe(1);
  expect(err).toContain(message);
});

test('a record that is damaged is told and left out', async () => {
  const damaged = join(folder, 'damaged.ndjson');
  const user = exported.split('\n').find((line) => line.startsWith('{"kind":"user"')) ?? '';
  const lines = [
    exported.split('\n')[0],
    user
      .replace('"id":"ada"', '"id":"eve"')
      .replace('ada@example.com', 'eve@example.com')
      .replace('"role":"internal_user"', '"role":"emperor"'),
    '{"kind":"key","key_id":"key_0123456789abcdef0123","hash":"short"}',
  ];
  writeFileSync(damaged, `${lines.join('\n')}\n`);
  const { report } = await importFile(damaged);
  expect(report).toMatchObject({ taken: 0, not_mapped: 2 });
});
