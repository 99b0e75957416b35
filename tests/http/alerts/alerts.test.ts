// From the act to the receiver: budgets, keys and mail, to a real web server and a real mail server.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type MailReceiver,
  startMailReceiver,
  startWebReceiver,
  type WebReceiver,
} from '../../support/alert-receivers.ts';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

/** One call of `dear` costs a dollar. */
const CONFIG = (more: string) => `
model_list:
  - model_name: dear
    litellm_params: {model: openai/dear, mock_response: Hello, input_cost_per_token: 0, output_cost_per_token: 0, input_cost_per_request: 1}
general_settings:
  ship_every_ms: 10
  alerting_args: {check_interval: 0.05, email_recipients: [ops@example.com]}
  ${more}
`;

let hooks: WebReceiver;
let mailbox: MailReceiver;
let gateway: TestApp;

beforeAll(async () => {
  [hooks, mailbox] = await Promise.all([startWebReceiver(), startMailReceiver({ user: 'gate', pass: 'way' })]);
  gateway = await startTestApp({
    config: CONFIG('alerting: [slack, webhook, email]'),
    env: {
      SLACK_WEBHOOK_URL: `${hooks.url}/slack/token-of-slack`,
      WEBHOOK_URL: `${hooks.url}/hook`,
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(mailbox.port),
      SMTP_TLS: 'False',
      SMTP_USERNAME: 'gate',
      SMTP_PASSWORD: 'way',
      SMTP_SENDER_EMAIL: 'gateway@example.com',
      EMAIL_SUPPORT_CONTACT: 'help@example.com',
      PROXY_BASE_URL: 'https://llm.example.com',
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([hooks.close(), mailbox.close()]);
});

const post = (path: string, body: unknown, key?: string) =>
  callGateway(gateway, `POST ${path}`, key === undefined ? { body } : { body, key });
const spend = (key: string) =>
  post('/v1/chat/completions', { model: 'dear', messages: [{ role: 'user', content: 'hi' }] }, key);
const eventsOf = (tokenOrId: string) =>
  hooks.posted
    .filter(({ path, body }) => path === '/hook' && Object.values(body).includes(tokenOrId))
    .map(({ body }) => body);
const mailsTo = (address: string) =>
  mailbox.mails.filter(({ to }) => [to].flat().some((field) => field?.text === address));
const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 15_000, interval: 30 });
const settle = () => new Promise((resolve) => setTimeout(resolve, 400));

describe('budgets', () => {
  test('each threshold is told once, however often the key calls', async () => {
    const { key, token } = (await post('/key/generate', { max_budget: 20, soft_budget: 10, key_alias: 'tight' })).body;
    for (let call = 0; call < 15; call++) expect((await spend(key)).status).toBe(200);
    await until(() => expect(eventsOf(token).map(({ event }) => event)).toContain('soft_budget_crossed'));
    expect(eventsOf(token).map(({ event }) => event)).not.toContain('threshold_crossed');
    for (let call = 0; call < 5; call++) await spend(key);
    expect((await spend(key)).status).toBe(400);
    await until(() => expect(eventsOf(token).map(({ event }) => event)).toContain('budget_crossed'));
    await settle();
    const messages = eventsOf(token).map(({ event_message }) => event_message);
    expect(messages.sort()).toEqual([
      'API Key Created',
      'Key Budget: 80% Threshold Crossed',
      'Key Budget: 95% Threshold Crossed',
      'Key Budget: Budget Crossed',
      'Key Budget: Soft Budget Crossed',
    ]);
    const crossed = eventsOf(token).find(({ event }) => event === 'budget_crossed');
    expect(crossed).toEqual({
      event: 'budget_crossed',
      event_group: 'key',
      event_message: 'Key Budget: Budget Crossed',
      token,
      spend: 20,
      max_budget: 20,
      soft_budget: 10,
      user_id: null,
      team_id: null,
      team_alias: null,
      organization_id: null,
      customer_id: null,
      user_email: null,
      key_alias: 'tight',
      tag: null,
      model: null,
      projected_exceeded_date: null,
      projected_spend: null,
    });
    const inSlack = hooks.posted.filter(({ path, body }) => path.startsWith('/slack') && body.text.includes(token));
    expect(inSlack).toHaveLength(5);
    expect(inSlack.some(({ body }) => body.text.startsWith('*Key Budget: Budget Crossed*'))).toBe(true);
  });

  test('user, team, member, organisation and end user are told of by name', async () => {
    const max = { max_budget: 2 };
    await post('/user/new', { user_id: 'ada', user_email: 'ada@example.com', auto_create_key: false, ...max });
    await post('/organization/new', { organization_id: 'org-1', organization_alias: 'One', ...max });
    await post('/team/new', { team_id: 'team-1', team_alias: 'Red', organization_id: 'org-1', models: [], ...max });
    await post('/team/member_add', {
      team_id: 'team-1',
      member: { role: 'user', user_id: 'ada' },
      max_budget_in_team: 2,
    });
    await post('/customer/new', { user_id: 'cust-1', ...max });
    const { key } = (await post('/key/generate', { user_id: 'ada', team_id: 'team-1' })).body;
    const body = { model: 'dear', user: 'cust-1', messages: [{ role: 'user', content: 'hi' }] };
    for (let call = 0; call < 2; call++) expect((await post('/v1/chat/completions', body, key)).status).toBe(200);
    const crossed = () => hooks.posted.flatMap(({ body: sent }) => (sent.event === 'budget_crossed' ? [sent] : []));
    await until(() => {
      const who = crossed().map((sent) => [
        sent.event_group,
        sent.user_id,
        sent.team_id,
        sent.organization_id,
        sent.customer_id,
      ]);
      expect(who).toEqual(
        expect.arrayContaining([
          ['user', 'ada', null, null, null],
          ['user', 'ada', 'team-1', null, null],
          ['team', null, 'team-1', 'org-1', null],
          ['organization', null, null, 'org-1', null],
          ['customer', null, null, null, 'cust-1'],
        ]),
      );
    });
    expect(crossed().find((sent) => sent.event_group === 'team').team_alias).toBe('Red');
    await until(() =>
      expect(mailsTo('ada@example.com').map(({ subject }) => subject)).toEqual(
        expect.arrayContaining(['LiteLLM: User Budget: Budget Crossed', 'LiteLLM: Team Member Budget: Budget Crossed']),
      ),
    );
  });

  test('a tag is told of by name, for its soft budget too, and mail goes to those who get all', async () => {
    await post('/tag/new', { name: 'nightly run', max_budget: 4, soft_budget: 2 });
    const { key } = (await post('/key/generate', {})).body;
    const body = { model: 'dear', metadata: { tags: ['nightly run'] }, messages: [{ role: 'user', content: 'hi' }] };
    for (let call = 0; call < 2; call++) expect((await post('/v1/chat/completions', body, key)).status).toBe(200);
    const soft = { event: 'soft_budget_crossed', event_message: 'Tag Budget: Soft Budget Crossed', spend: 2 };
    await until(() => expect(eventsOf('nightly run')).toMatchObject([{ ...soft, event_group: 'tag' }]));
    for (let call = 0; call < 2; call++) await post('/v1/chat/completions', body, key);
    expect((await post('/v1/chat/completions', body, key)).status).toBe(400);
    await until(() => expect(eventsOf('nightly run').map(({ event }) => event)).toContain('budget_crossed'));
    await settle();
    expect(
      eventsOf('nightly run')
        .map(({ event_message }) => event_message)
        .sort(),
    ).toEqual([
      'Tag Budget: 80% Threshold Crossed',
      'Tag Budget: 95% Threshold Crossed',
      'Tag Budget: Budget Crossed',
      'Tag Budget: Soft Budget Crossed',
    ]);
    const inSlack = hooks.posted.filter(
      ({ path, body: sent }) => path.startsWith('/slack') && /nightly/.test(sent.text),
    );
    expect(inSlack.map(({ body: sent }) => sent.text)).toContainEqual(expect.stringContaining('Tag: nightly run'));
    const mails = mailsTo('ops@example.com').filter(({ text }) => text?.includes('Tag: nightly run'));
    expect(mails).toHaveLength(4);
  });

  test('a budget for one model is told of with the model, for keys, users and teams', async () => {
    const model_max_budget = { dear: { budget_limit: 2, time_period: '30d' }, cheap: { budget_limit: 1 } };
    const address = { user_id: 'mo', user_email: 'mo@example.com' };
    await post('/user/new', { ...address, auto_create_key: false, model_max_budget });
    await post('/team/new', { team_id: 'team-mo', models: [], model_max_budget });
    await post('/team/member_add', { team_id: 'team-mo', member: { role: 'user', user_id: 'mo' } });
    const made = (await post('/key/generate', { user_id: 'mo', team_id: 'team-mo', model_max_budget })).body;
    for (let call = 0; call < 2; call++) expect((await spend(made.key)).status).toBe(200);
    expect((await spend(made.key)).status).toBe(400);
    const told = () =>
      hooks.posted
        .filter(({ path, body }) => path === '/hook' && body.model !== null && body.event === 'budget_crossed')
        .map(({ body }) => [body.event_message, body.model, body.token, body.user_id, body.team_id, body.max_budget]);
    const expected = [
      ['Key Model Budget: Budget Crossed', 'dear', made.token, 'mo', 'team-mo', 2],
      ['Team Model Budget: Budget Crossed', 'dear', null, null, 'team-mo', 2],
      ['User Model Budget: Budget Crossed', 'dear', null, 'mo', null, 2],
    ];
    await until(() => expect(told()).toHaveLength(3));
    await settle();
    expect(told().sort()).toEqual(expected);
    await until(() =>
      expect(mailsTo('mo@example.com').filter(({ text }) => text?.includes('Model: dear')).length).toBeGreaterThan(1),
    );
  });

  test('the budget of the row that a key is linked to is that of the key', async () => {
    await post('/budget/new', { budget_id: 'row', max_budget: 2 });
    const linked = (await post('/key/generate', { budget_id: 'row' })).body;
    for (let call = 0; call < 2; call++) await spend(linked.key);
    await until(() => expect(eventsOf(linked.token).map(({ event }) => event)).toContain('budget_crossed'));
  });
});

describe('keys', () => {
  test('a new key is told of without its secret, and a rotated one to its user', async () => {
    await post('/user/new', { user_id: 'rot', user_email: 'rot@example.com', auto_create_key: false });
    const made = (await post('/key/generate', { user_id: 'rot', key_alias: '<!channel> & co' })).body;
    await until(() =>
      expect(eventsOf(made.token)).toMatchObject([{ event: 'key_created', user_email: 'rot@example.com' }]),
    );
    const rotated = (await post('/key/regenerate', { key: made.key })).body;
    await until(() => expect(eventsOf(rotated.token)).toMatchObject([{ event: 'key_rotated', event_group: 'key' }]));
    await until(() =>
      expect(mailsTo('rot@example.com').map(({ subject }) => subject)).toEqual(['LiteLLM: API Key Rotated']),
    );
    await until(() => expect(hooks.posted.filter(({ body }) => body.text?.includes(rotated.token))).toHaveLength(1));
    const all = JSON.stringify([hooks.posted, mailbox.mails.map(({ text, html }) => [text, html])]);
    for (const secret of [made.key, rotated.key]) expect(all).not.toContain(secret);
    expect(all).toContain('&lt;!channel&gt; &amp; co');
    expect(all).not.toContain('<!channel>"');
  });

  test('a key that expires within seven days is told of once', async () => {
    await post('/user/new', { user_id: 'exp', user_email: 'exp@example.com', auto_create_key: false });
    const soon = (await post('/key/generate', { duration: '6d', user_id: 'exp' })).body;
    const later = (await post('/key/generate', { duration: '8d' })).body;
    await until(() =>
      expect(
        eventsOf(soon.token)
          .map(({ event }) => event)
          .sort(),
      ).toEqual(['key_created', 'key_expiring']),
    );
    await settle();
    expect(eventsOf(soon.token)).toHaveLength(2);
    expect(eventsOf(later.token)).toHaveLength(1);
    expect(mailsTo('exp@example.com').map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^LiteLLM: API Key Expires At \d{4}-/),
    ]);
  });
});

describe('send_invite_email', () => {
  test('the key goes to its user by mail, and to nobody else', async () => {
    await post('/user/new', { user_id: 'inv', user_email: 'inv@example.com', auto_create_key: false });
    const { status, body } = await post('/key/generate', { user_id: 'inv', send_invite_email: true, max_budget: 3 });
    expect(status).toBe(200);
    await until(() => expect(mailsTo('inv@example.com')).toHaveLength(1));
    const [mail] = mailsTo('inv@example.com');
    expect(mail?.subject).toBe('LiteLLM: API Key Created');
    expect(mail?.from?.text).toBe('gateway@example.com');
    for (const part of [mail?.text, mail?.html]) {
      expect(part).toContain(body.key);
      expect(part).toContain('https://llm.example.com');
      expect(part).toContain('help@example.com');
    }
    await until(() => expect(mailsTo('ops@example.com').some(({ text }) => text?.includes(body.token))).toBe(true));
    expect(JSON.stringify([hooks.posted, mailsTo('ops@example.com').map(({ text }) => text)])).not.toContain(body.key);
  });

  test('an administrator may name another address', async () => {
    const { key } = (await post('/key/generate', { send_invite_email: true, user_email: 'Other@Example.com' })).body;
    await until(() => expect(mailsTo('other@example.com')[0]?.text).toContain(key));
  });

  test('a new user is told, without a secret', async () => {
    const { body } = await post('/user/new', {
      user_id: 'newcomer',
      user_email: 'new@example.com',
      send_invite_email: true,
    });
    await until(() =>
      expect(mailsTo('new@example.com').map(({ subject }) => subject)).toEqual(['LiteLLM: You Have Been Invited']),
    );
    expect(mailsTo('new@example.com')[0]?.text).not.toContain(body.key);
    await until(() =>
      expect(
        eventsOf('newcomer')
          .map(({ event }) => event)
          .sort(),
      ).toEqual(['internal_user_created', 'key_created']),
    );
  });

  test.each([
    ['/key/generate', { send_invite_email: true }, 'send_invite_email'],
    ['/key/generate', { send_invite_email: true, user_id: 'nobody-of-this-name' }, 'send_invite_email'],
    ['/key/generate', { send_invite_email: true, user_email: 'a@b, c@d' }, 'user_email'],
    ['/user/new', { send_invite_email: true, user_id: 'mailless' }, 'send_invite_email'],
  ])('%s %j: refused without an address, and nothing is made', async (path, body, param) => {
    const count = async () => (await callGateway(gateway, 'GET /key/list')).body.total_count;
    const before = await count();
    const refused = await post(path, body);
    expect([refused.status, refused.body.error.param]).toEqual([400, param]);
    expect(await count()).toBe(before);
    expect((await callGateway(gateway, 'GET /user/info?user_id=mailless')).status).toBe(404);
  });

  test('others than administrators cannot have a key sent to somebody else', async () => {
    const own = (await post('/user/new', { user_id: 'plain', user_email: 'plain@example.com' })).body.key;
    const ask = (user_email: string) => post('/key/generate', { send_invite_email: true, user_email }, own);
    const refused = await ask('victim@example.com');
    expect([refused.status, refused.body.error.param]).toEqual([403, 'user_email']);
    expect((await ask('Plain@example.com')).status).toBe(200);
  });
});

describe('/health/services', () => {
  const check = (service: string, key?: string) =>
    callGateway(gateway, `GET /health/services?service=${service}`, key === undefined ? {} : { key });

  test.each(['slack', 'slack_budget_alerts', 'webhook', 'email'])('%s gets a test message', async (service) => {
    const before = hooks.posted.length + mailbox.mails.length;
    expect(await check(service)).toMatchObject({ status: 200, body: { status: 'success' } });
    expect(hooks.posted.length + mailbox.mails.length).toBeGreaterThan(before);
  });

  test('the words of a receiver that refuses come back, and no address does', async () => {
    hooks.answer.status = 404;
    hooks.answer.body = 'no_service';
    const slack = await check('slack');
    Object.assign(hooks.answer, { status: 200, body: 'ok' });
    expect([slack.status, slack.body.error.param]).toEqual([400, 'service']);
    expect(slack.body.error.message).toContain('404: no_service');
    expect(JSON.stringify(slack.body)).not.toContain('token-of-slack');
    mailbox.refused.add('ops@example.com');
    const mail = await check('email');
    mailbox.refused.clear();
    expect(mail.body.error.message).toContain('no such mailbox');
  });

  test('a key without rights cannot have messages sent', async () => {
    const { key } = (await post('/key/generate', {})).body;
    expect((await check('slack', key)).status).toBe(401);
    expect((await check('pigeon')).status).toBe(400);
  });
});

test('what a receiver does not take at first it gets later', async () => {
  hooks.answer.status = 500;
  const before = hooks.refusals();
  const { token } = (await post('/key/generate', {})).body;
  await until(() => expect(hooks.refusals()).toBeGreaterThanOrEqual(before + 2));
  expect(eventsOf(token)).toEqual([]);
  Object.assign(hooks.answer, { status: 200, body: 'ok' });
  await until(() => expect(eventsOf(token).map(({ event }) => event)).toEqual(['key_created']));
});
