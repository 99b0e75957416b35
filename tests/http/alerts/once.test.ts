// Once per window, and none lost: over kills and restarts, and with several processes on one database.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startMailReceiver, startWebReceiver, type WebReceiver } from '../../support/alert-receivers.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';
import { createTestDatabase } from '../../support/postgres.ts';

const MASTER_KEY = 'sk-master-of-the-alert-tests-0123456789';
const CONFIG = {
  model_list: [
    {
      model_name: 'dear',
      litellm_params: {
        model: 'openai/dear',
        mock_response: 'Hello',
        input_cost_per_token: 0,
        output_cost_per_token: 0,
        input_cost_per_request: 1,
      },
    },
  ],
  general_settings: {
    master_key: MASTER_KEY,
    salt_key: 'salt-of-the-alert-tests',
    ship_every_ms: 10,
    alerting: ['webhook'],
    alert_types: ['budget_alerts', 'new_virtual_key_created'],
    alerting_args: { check_interval: 0.1 },
  },
};

let hooks: WebReceiver;
beforeAll(async () => {
  hooks = await startWebReceiver();
});
afterAll(() => hooks.close());

async function spend({ url }: Pick<GatewayProcess, 'url'>, key: string, calls: number): Promise<void> {
  for (let call = 0; call < calls; call++) {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'dear', messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect([200, 400]).toContain(answer.status);
    await answer.arrayBuffer();
  }
}
const titlesOf = (token: string) =>
  hooks.posted.flatMap(({ body }) => (body.token === token ? [body.event_message as string] : [])).sort();
const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 20_000, interval: 50 });
const settle = () => new Promise((resolve) => setTimeout(resolve, 1_500));
const AT_80 = ['API Key Created', 'Key Budget: 80% Threshold Crossed'];
const AT_100 = [...AT_80, 'Key Budget: 95% Threshold Crossed', 'Key Budget: Budget Crossed'];

describe('one process', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway({ config: CONFIG, env: { WEBHOOK_URL: `${hooks.url}/hook` } });
  });
  afterAll(() => gateway.stop());

  test('a threshold that was told before a kill is not told after it, though calls go on', async () => {
    const { key, token } = (await gateway.admin('/key/generate', { max_budget: 10 })).body;
    await spend(gateway, key, 8);
    await until(() => expect(titlesOf(token)).toEqual(AT_80));
    await gateway.kill();
    await gateway.restart();
    await spend(gateway, key, 1);
    await settle();
    expect(titlesOf(token)).toEqual(AT_80);
    await spend(gateway, key, 2);
    await until(() => expect(titlesOf(token)).toEqual(AT_100));
    await settle();
    expect(titlesOf(token)).toEqual(AT_100);
  });

  test('a message that its receiver did not take before a kill arrives after it', { timeout: 100_000 }, async () => {
    hooks.answer.status = 500;
    const before = hooks.refusals();
    const { token } = (await gateway.admin('/key/generate', {})).body;
    await until(() => expect(hooks.refusals()).toBeGreaterThan(before));
    await gateway.kill();
    hooks.answer.status = 200;
    await gateway.restart();
    // Who was killed between the refusal and writing it down has claimed the message for another minute.
    await vi.waitFor(() => expect(titlesOf(token)).toEqual(['API Key Created']), { timeout: 80_000, interval: 50 });
  });
});

test('a key that waits for its mail is in no file in clear, and the mail comes once the server does', async () => {
  const mailbox = await startMailReceiver();
  const { port } = mailbox;
  await mailbox.close();
  const gateway = await startGateway({
    config: { ...CONFIG, general_settings: { ...CONFIG.general_settings, alerting: ['email'] } },
    env: { SMTP_HOST: '127.0.0.1', SMTP_PORT: String(port), SMTP_TLS: 'False', SMTP_SENDER_EMAIL: 'gate@example.com' },
  });
  try {
    const body = { send_invite_email: true, user_email: 'ada@example.com' };
    const { key } = (await gateway.admin('/key/generate', body)).body;
    await until(() => expect(gateway.logs()).toContain('An alert could not be delivered'));
    await gateway.kill();
    const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const contents = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)).toString('latin1'));
    expect(contents.join('')).toContain('sealed:v2:');
    expect([contents.join(''), gateway.logs()].join('')).not.toContain(key);
    const back = await startMailReceiver(undefined, port);
    await gateway.restart();
    await until(() => expect(back.mails.map(({ text }) => text)).toEqual([expect.stringContaining(key)]));
    await back.close();
  } finally {
    await gateway.stop();
  }
});

test('two processes on PostgreSQL send one message', async () => {
  const database = await createTestDatabase();
  const options = { config: CONFIG, env: { WEBHOOK_URL: `${hooks.url}/hook`, DATABASE_URL: database.url } };
  const gateways = await Promise.all([startGateway(options), startGateway(options)]);
  try {
    const { key, token } = (await gateways[0].admin('/key/generate', { max_budget: 10 })).body;
    await Promise.all(gateways.map((gateway) => spend(gateway, key, 8)));
    await until(() => expect(titlesOf(token)).toEqual(AT_100));
    await settle();
    expect(titlesOf(token)).toEqual(AT_100);

    await gateways[1].admin('/tag/new', { name: 'both', max_budget: 4 });
    const model_max_budget = { dear: { budget_limit: 4 } };
    const tagged = (await gateways[0].admin('/key/generate', { tags: ['both'], model_max_budget })).body;
    await Promise.all(gateways.map((gateway) => spend(gateway, tagged.key, 2)));
    const OF_MODEL = ['80% Threshold Crossed', '95% Threshold Crossed', 'Budget Crossed'];
    const ofTag = () => hooks.posted.flatMap(({ body }) => (body.tag === 'both' ? [body.event_message] : [])).sort();
    await until(() => {
      expect(titlesOf(tagged.token)).toEqual([
        'API Key Created',
        ...OF_MODEL.map((title) => `Key Model Budget: ${title}`),
      ]);
      expect(ofTag()).toEqual(OF_MODEL.map((title) => `Tag Budget: ${title}`));
    });
    await settle();
    expect([titlesOf(tagged.token).length, ofTag().length]).toEqual([4, 3]);
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await database.drop();
  }
});
