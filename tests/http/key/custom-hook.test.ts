import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

const HOOK = `export default ({ key_alias: alias }) => {
  if (alias === 'broken') throw new Error('the rule of the house is out of reach');
  return alias === 'silent' ? undefined : { decision: alias === 'empty' ? null : alias !== 'refused', message: 'Ask the house.' };
};`;

let gateway: TestApp;
let folder: string;
const log: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-hook-'));
  await writeFile(join(folder, 'hook.mjs'), HOOK);
  const config = { general_settings: { custom_key_generate: join(folder, 'hook.mjs') } };
  gateway = await startTestApp({ config: JSON.stringify(config), onLog: (line) => log.push(line) });
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const make = (alias: string) => callGateway(gateway, 'POST /key/generate', { body: { key_alias: alias } });

test.each([
  ['refused', 'Ask the house.'],
  ['empty', 'Ask the house.'],
  ['silent', 'gave no verdict'],
  ['broken', 'hook failed'],
])('the operator’s hook: %s, and no key is made', async (alias, message) => {
  const { status, body } = await make(alias);
  expect([status, body.error.message]).toEqual([403, expect.stringContaining(message)]);
  expect((await callGateway(gateway, `GET /key/list?key_alias=${alias}`)).body.total_count).toBe(0);
});

test('why it failed is in the log, and not in the answer', async () => {
  const { body } = await make('broken');
  expect(JSON.stringify(body)).not.toContain('rule of the house');
  await expect.poll(() => log.join(''), { timeout: 5_000 }).toContain('the rule of the house is out of reach');
});

test('what it allows is made', async () => {
  expect((await make('welcome')).status).toBe(200);
});
