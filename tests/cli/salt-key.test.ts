// `latchkey salt-key`, and a gateway that is started anew after it. With real processes: tests/chaos/salt-key.test.ts.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createProcessIo } from '../../src/cli/cli-io.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { readEnvironment } from '../../src/config/env.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { callGateway } from '../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../support/compose-for-test.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-salt-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const io = createProcessIo();

async function latchkey(args: string[], env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const readFile = (path: string): string => {
    throw Object.assign(new Error(path), { code: 'ENOENT' });
  };
  const code = await runCli([...args, '--data-dir', dataDir], {
    ...io,
    loadConfig: (overrides) => loadConfig({ environment: readEnvironment(env), overrides, readFile }),
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const logged: string[] = [];
const start = () =>
  startTestApp({ dataDir, databaseUrl: join(dataDir, 'latchkey.sqlite'), onLog: (line) => logged.push(line) });
const status = async () => JSON.parse((await latchkey(['salt-key', 'status', '--json'])).out);

async function answers(gateway: TestApp, key: string): Promise<void> {
  const body = { model: 'stored', messages: [{ role: 'user', content: 'Hi' }] };
  const answer = await callGateway(gateway, 'POST /chat/completions', { body, key });
  expect(answer.body.choices?.[0].message.content).toBe('from the database');
}

test('after a rotation credentials work, are sealed anew, and need the earlier key no more', async () => {
  expect(await latchkey(['salt-key', 'rotate'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('no salt.key'),
  });
  expect(await latchkey(['salt-key', 'status'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('no database'),
  });
  let gateway = await start();
  const vars = { langfuse_public_key: 'pk', langfuse_secret_key: 'sk-lf-1', langfuse_host: 'https://langfuse.invalid' };
  const logging = (secret: string) => [
    { callback_name: 'langfuse', callback_vars: { ...vars, langfuse_secret_key: secret } },
  ];
  const once = { 'idempotency-key': 'once' };
  const made = await callGateway(gateway, 'POST /key/generate', {
    body: { metadata: { logging: logging('sk-lf-1') } },
  });
  const first = await callGateway(gateway, 'POST /key/generate', { body: { key_alias: 'once' }, headers: once });
  await callGateway(gateway, 'POST /model/new', {
    body: {
      model_name: 'stored',
      litellm_params: { model: 'openai/stored', mock_response: 'from the database', api_key: 'sk-provider' },
    },
  });
  const key = made.body.key as string;
  await gateway.close();

  const rotated = await latchkey(['salt-key', 'rotate']);
  expect(rotated).toMatchObject({ code: 0, out: expect.stringMatching(/^The salt key is [0-9a-f]{16} now/) });
  expect(rotated.err).toContain('1. Restart the gateway');
  expect(await status()).toMatchObject({ to_be_sealed_again: 2, under_earlier_keys: 2, cannot_be_opened: 0 });
  const told = await latchkey(['salt-key', 'status']);
  expect(told.out).toMatch(/^models +[0-9a-f]{16} +earlier +1$/m);
  expect(told.err).toContain('2 are to be sealed again');

  gateway = await start();
  await answers(gateway, key);
  for (let look = 0; (await status()).to_be_sealed_again > 0 && look < 200; look++) await sleep(50);
  expect(await status()).toMatchObject({ to_be_sealed_again: 0, under_earlier_keys: 0, cannot_be_opened: 0 });
  // A repeated request is shown the secret that it was shown before, and a mask from before stands for the credential.
  const repeated = await callGateway(gateway, 'POST /key/generate', { body: { key_alias: 'once' }, headers: once });
  expect(repeated.body.key).toBe(first.body.key);
  const mask = made.body.metadata.logging[0].callback_vars.langfuse_secret_key as string;
  const body = { key, metadata: { logging: logging(mask), app: 'mine' } };
  expect((await callGateway(gateway, 'POST /key/update', { body })).status).toBe(200);
  await gateway.close();
  expect((await latchkey(['audit', 'verify'])).code).toBe(0);

  const earlier = readFileSync(join(dataDir, 'salt.key.earlier'), 'utf8').trim();
  rmSync(join(dataDir, 'salt.key.earlier'));
  gateway = await start();
  await answers(gateway, key);
  await callGateway(gateway, 'POST /key/block', { body: { key: first.body.key } });
  await gateway.close();
  expect(await latchkey(['salt-key', 'status'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^rows of the audit log +[0-9a-f]{16} +not here +\d+$/m),
    err: 'Every credential is sealed under the salt key.',
  });
  expect(await latchkey(['audit', 'verify'])).toMatchObject({ code: 1, out: expect.stringContaining('foreign_seal') });
  expect((await latchkey(['audit', 'verify'], { LATCHKEY_EARLIER_SALT_KEYS: `none, ${earlier}` })).code).toBe(0);
  const said = logged.join('\n');
  expect(said).toContain('are sealed under the present salt key');
  expect(said).not.toContain('The audit log did not end as it should have');
  const keys = [earlier, readFileSync(join(dataDir, 'salt.key'), 'utf8').trim()];
  for (const secret of [...keys, 'sealed:v']) expect(said + rotated.out + rotated.err + told.out).not.toContain(secret);
});

test('a key that is configured is changed where it is configured', async () => {
  const env = { LATCHKEY_SALT_KEY: 'a salt key of the operator’s' };
  const refused = await latchkey(['salt-key', 'rotate'], env);
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('LATCHKEY_EARLIER_SALT_KEYS') });
  expect(readFileSync(join(dataDir, 'salt.key'), 'utf8')).toMatch(/^[\w-]{43}\n$/);
});
