// Keys, users, teams and budgets as a file says, over HTTP to a running gateway.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { runLatchkey } from '../support/run-latchkey.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-apply-'));
let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway({ config: {} });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

const FILE = `
budgets:
  - budget_id: small
    max_budget: 5
    budget_duration: 30d
users:
  - user_id: ada
    user_email: Ada@Example.com
    user_role: internal_user
    max_budget: 20
teams:
  - team_id: crew
    team_alias: Crew
    models: [gpt-4o]
    tags: [blue]
    metadata: {owner: ada}
keys:
  - key_alias: ci
    team_id: crew
    max_budget: 2.5
    budget_duration: 1d
    budget_limits: [{budget_duration: 1h, max_budget: 1}]
    model_max_budget: {gpt-4o: {max_budget: 1, budget_duration: 1d}}
    model_rpm_limit: {gpt-4o: 10}
    tags: [nightly]
    metadata: {repository: shop}
    blocked: false
`;

function run(command: 'plan' | 'apply', text: string, ...flags: string[]) {
  const file = join(folder, 'state.yaml');
  writeFileSync(file, text);
  const env = { LATCHKEY_URL: gateway.url, LATCHKEY_API_KEY: gateway.masterKey };
  return runLatchkey([command, '-f', file, ...flags], env, folder);
}

const infoOf = async (alias: string) => (await gateway.admin(`/key/info?key=${alias}`)).body.info;

test('plan shows what is missing, field by field, and changes nothing', async () => {
  const { code, out } = await run('plan', FILE);
  expect(code).toBe(2);
  expect(out).toContain('+ budget small');
  expect(out).toContain('    max_budget: - → 2.5');
  expect(out).toContain('4 to create, 0 to update, 0 to delete.');
  expect((await gateway.admin('/key/info?key=ci')).status).toBe(404);
});

test('apply makes it, tells the secret of a new key once, and has nothing to do the second time', async () => {
  const { code, out, err } = await run('apply', FILE);
  expect(code, err).toBe(0);
  const secret = /^ci: (sk-\S+)$/m.exec(out)?.[1] ?? '';
  expect((await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(
    200,
  );
  expect(await infoOf('ci')).toMatchObject({
    team_id: 'crew',
    max_budget: 2.5,
    metadata: { repository: 'shop', tags: ['nightly'] },
  });
  expect(await run('plan', FILE)).toMatchObject({ code: 0, out: 'The gateway is as the file says.\n' });
  const again = await run('apply', FILE);
  expect(again).toMatchObject({ code: 0, out: 'The gateway is as the file says.\n' });
});

test('a change is shown as before → after, touches nothing else, and null clears', async () => {
  const text = FILE.replace('max_budget: 2.5', 'max_budget: null').replace('repository: shop', 'repository: bakery');
  const { code, out } = await run('apply', text);
  expect(code).toBe(0);
  expect(out).toContain('~ key ci');
  expect(out).toContain('    max_budget: 2.5 → -');
  expect(await infoOf('ci')).toMatchObject({
    max_budget: null,
    budget_duration: '1d',
    metadata: { repository: 'bakery', tags: ['nightly'], model_rpm_limit: { 'gpt-4o': 10 } },
  });
  expect((await run('plan', text)).code).toBe(0);
});

test('nothing is deleted without --prune, and with it only what the file could have named', async () => {
  await gateway.newKey({ key_alias: 'forgotten' });
  await gateway.newKey({});
  const less = 'keys:\n  - key_alias: ci\n';
  expect((await run('plan', less)).code).toBe(0);
  const { out } = await run('plan', less, '--prune', '--json');
  expect(JSON.parse(out).changes).toEqual([{ act: 'delete', kind: 'key', name: 'forgotten', changes: [] }]);
  expect((await run('apply', less, '--prune')).code).toBe(0);
  expect((await gateway.admin('/key/info?key=forgotten')).status).toBe(404);
  expect((await gateway.admin('/user/info?user_id=ada')).status).toBe(200);
  expect((await gateway.admin('/key/list')).body.total_count).toBe(2);
});

test('secrets of new keys can go to a file that only its owner can read', async () => {
  const file = join(folder, 'secrets.ndjson');
  const { code, out } = await run('apply', 'keys:\n  - key_alias: filed\n', '--secrets-out', file);
  expect(code).toBe(0);
  const { key_alias: alias, key } = JSON.parse(readFileSync(file, 'utf8'));
  expect(alias).toBe('filed');
  expect(key).toMatch(/^sk-/);
  expect(out).not.toContain(key);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  // An old file is not written over, and no key is made whose secret would be lost.
  expect((await run('apply', 'keys:\n  - key_alias: lost\n', '--secrets-out', file)).code).toBe(1);
  expect((await gateway.admin('/key/info?key=lost')).status).toBe(404);
});

test('what the file has wrong is told with file and line, and nothing is done', async () => {
  const text = 'keys:\n  - key_alias: typo\n    max_budgte: 3\n  - max_budget: 1\nteems: []\nusers: 7\n';
  const { code, err } = await run('apply', text);
  expect(code).toBe(1);
  expect(err).toContain('state.yaml:3:5 keys.0.max_budgte: a key has no such field; did you mean max_budget?');
  expect(err).toMatch(/state.yaml:4:5 keys.1.key_alias/);
  expect(err).toContain('state.yaml:5:1 teems: there is no such section; did you mean teams?');
  expect(err).toMatch(/state.yaml:6:8 users: has to be a list/);
  expect((await gateway.admin('/key/info?key=typo')).status).toBe(404);
});

test('where the gateway refuses, apply says what was done and what was not', async () => {
  const text = `
teams:
  - team_id: first
keys:
  - key_alias: second
    budget_id: there-is-none
  - key_alias: third
`;
  const { code, out, err } = await run('apply', text);
  expect(code).toBe(1);
  expect(out).toContain('+ team first');
  expect(err).toContain('Not done: + key second.');
  expect(err).toContain('there-is-none');
  expect(err).toMatch(/Not tried after that:\n {2}\+ key third/);
  expect((await gateway.admin('/team/info?team_id=first')).status).toBe(200);
  expect((await gateway.admin('/key/info?key=third')).status).toBe(404);
});

test('a plan that could not be made has another exit code than changes', async () => {
  expect((await run('plan', FILE, '--url', 'http://127.0.0.1:9')).code).toBe(1);
  expect((await runLatchkey(['plan'], {}, folder)).code).toBe(1);
  expect((await runLatchkey(['apply'], {}, folder)).code).toBe(2);
});

test('every field that a file may name is one that the gateway knows', async () => {
  const { RESOURCE_KINDS } = await import('../../src/cli/apply/resource-kinds.ts');
  const { body } = await gateway.admin('/openapi.json');
  for (const { section, id, fields, create, update } of RESOURCE_KINDS) {
    const known = Object.keys(body.paths[create.path].post.requestBody.content['application/json'].schema.properties);
    const changeable = Object.keys(
      body.paths[update.path].post.requestBody.content['application/json'].schema.properties,
    );
    expect(known, section).toEqual(expect.arrayContaining([id, ...fields]));
    expect(changeable, section).toEqual(expect.arrayContaining([update.id ?? id, ...fields]));
  }
});
