// The configuration of a running gateway changes: by SIGHUP, and by what is written to its files.

import { renameSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { startFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor } from '../support/gateway-with-upstream.ts';
import { createTestDatabase } from '../support/postgres.ts';

const MASTER_KEY = 'sk-master-0123456789abcdef0123';
const mock = (name: string) => ({
  model_name: name,
  litellm_params: { model: `openai/${name}`, mock_response: `I am ${name}` },
});
/** One setting a line, each in the form of JSON, which is YAML too. */
const yaml = (models: object[], general: object = {}, more: object = {}) =>
  [
    'general_settings:',
    `  master_key: ${MASTER_KEY}`,
    ...Object.entries(general).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`),
    ...Object.entries({ model_list: models, ...more }).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
  ].join('\n');

let gateway: GatewayProcess;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  expect(await gateway.stop()).toBe(0);
  for (const close of closing.splice(0)) await close();
});

const start = async (options: Parameters<typeof startGateway>[0]) => {
  gateway = await startGateway(options);
  return gateway;
};
const call = (model: string, more: object = {}) =>
  fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  });
const statusOf = async (model: string) => {
  const answer = await call(model);
  await answer.arrayBuffer();
  return answer.status;
};
/** What the log says once it says it; logs are written with a delay. */
const logged = (text: string, times = 1) =>
  expect.poll(() => gateway.logs().split(text).length - 1, { timeout: 15_000 }).toBe(times);
const AGAIN = 'The configuration was loaded again';
const REJECTED = 'The configuration was not loaded again';

describe('one process', () => {
  test('SIGHUP puts models and settings in force; an open stream goes on to its end', async () => {
    const upstream = await startFakeUpstream();
    closing.push(() => upstream.close());
    const config = configFor(upstream);
    await start({ config: yaml(config.model_list) });
    const added = await gateway.admin('/model/new', mock('added'));
    expect(added.status).toBe(200);
    const before = (await gateway.admin('/health/readiness/details')).body;
    const stream = await call('fake/usage-10-20+frames-40+every-100ms', { stream: true });
    expect(stream.status).toBe(200);

    writeFileSync(gateway.configFile, yaml([mock('brand-new')], { max_request_size_mb: 1 }));
    process.kill(gateway.pid, 'SIGHUP');
    await expect.poll(() => statusOf('brand-new'), { timeout: 10_000 }).toBe(200);
    expect(await statusOf('mocked')).toBe(400);
    expect(await statusOf('added')).toBe(200);
    expect((await call('brand-new', { user: 'x'.repeat(1_100_000) })).status).toBe(413);
    expect((await (await fetch(`${gateway.url}/docs`)).text()).length).toBeGreaterThan(100);
    expect(await stream.text()).toContain('[DONE]');
    const after = (await gateway.admin('/health/readiness/details')).body;
    expect(after.config_digest).not.toBe(before.config_digest);
    expect(Date.parse(after.config_loaded_at)).toBeGreaterThan(Date.parse(before.config_loaded_at));
    expect(after.calls_in_flight).toBe(0);
    await logged(`"config_digest":"${after.config_digest}"`);
  });

  test('a file that is wrong changes nothing and is told of once, with its line; what cannot change is named and kept', async () => {
    await start({ config: yaml([mock('one')]) });
    writeFileSync(gateway.configFile, `model_list:\n  - model_name: two\n    litellm_params: {modle: x}\n`);
    process.kill(gateway.pid, 'SIGHUP');
    await logged(REJECTED);
    expect(gateway.logs()).toMatch(/config\.yaml:3:\d+ model_list\.0\.litellm_params/);
    expect(await statusOf('one')).toBe(200);

    writeFileSync(
      gateway.configFile,
      yaml([mock('three')], { database_url: 'sqlite:///elsewhere.db', ship_every_ms: 7 }),
    );
    await logged(AGAIN);
    expect(await statusOf('three')).toBe(200);
    expect(await statusOf('one')).toBe(400);
    await logged('"settings":["general_settings.database_url","general_settings.ship_every_ms"]');
    expect(gateway.logs()).not.toContain('elsewhere');
  });

  test('files are watched, included ones too, also where they are replaced by renaming', async () => {
    const included = (config: string) => config.replace(/config\.yaml$/, 'more.yaml');
    await start({ config: yaml([mock('one')]) });
    writeFileSync(included(gateway.configFile), JSON.stringify({ model_list: [mock('two')] }));
    writeFileSync(gateway.configFile, yaml([mock('one')], {}, { include: ['more.yaml'] }));
    await expect.poll(() => statusOf('two'), { timeout: 10_000 }).toBe(200);
    const next = `${gateway.configFile}.new`;
    writeFileSync(next, JSON.stringify({ model_list: [mock('three')] }));
    renameSync(next, included(gateway.configFile));
    await expect.poll(() => statusOf('three'), { timeout: 10_000 }).toBe(200);
    expect(await statusOf('two')).toBe(400);
  });
});

test('with workers, all of them follow, and none ends; a wrong file is told of once', {
  timeout: 120_000,
}, async () => {
  const database = await createTestDatabase();
  closing.push(() => database.drop());
  await start({ config: yaml([mock('one')]), env: { DATABASE_URL: database.url, LATCHKEY_WORKERS: '2' } });
  writeFileSync(gateway.configFile, yaml([mock('two')]));
  process.kill(gateway.pid, 'SIGHUP');
  await logged(AGAIN, 2);
  for (let tries = 0; tries < 8; tries += 1) expect(await statusOf('two')).toBe(200);
  writeFileSync(gateway.configFile, 'model_list: [');
  process.kill(gateway.pid, 'SIGHUP');
  await logged(REJECTED);
  for (let tries = 0; tries < 4; tries += 1) expect(await statusOf('two')).toBe(200);
  expect(gateway.logs()).not.toContain('a worker has ended');
});
