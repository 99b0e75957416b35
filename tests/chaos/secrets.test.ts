/**
 * Secrets are where they have to be and nowhere else: a real process, a mixed run, and then every byte that it has left
 * behind is searched for them: logs, database with its write-ahead file, journal, spools, audit log, exports, answers, and
 * what log destinations and receivers of alerts were sent.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParsedMail } from 'mailparser';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type MailReceiver, startMailReceiver } from '../support/alert-receivers.ts';
import {
  type GatewayWithUpstream,
  startGatewayWithUpstream,
  UPSTREAM_SECRET,
} from '../support/gateway-with-upstream.ts';
import { runLatchkey } from '../support/run-latchkey.ts';
import { startTakeAll, type TakeAll } from '../support/take-all.ts';

let world: GatewayWithUpstream;
let receiver: TakeAll;
let mailbox: MailReceiver;
const logFiles = mkdtempSync(join(tmpdir(), 'latchkey-secret-files-'));
/** What may be known to nobody but whom it was given to, by what it is. */
const secrets: Record<string, string> = { 'credential of the configuration file': UPSTREAM_SECRET };
/** Every answer, with the names of the secrets that it is there to show. */
const answers: { request: string; text: string; shows: string[] }[] = [];

const canary = (prefix: string) => `${prefix}${randomBytes(18).toString('hex')}`;

interface Sending {
  key?: string | null;
  body?: unknown;
  cookie?: string;
  shows?: string[];
}

async function send(request: string, { key, body, cookie, shows = [] }: Sending = {}) {
  const [method = 'GET', path = '/'] = request.split(' ');
  const authorization = key === null ? {} : { authorization: `Bearer ${key ?? world.gateway.masterKey}` };
  const response = await fetch(world.gateway.url + path, {
    method,
    headers: {
      ...authorization,
      ...(cookie === undefined ? {} : { cookie, 'x-latchkey-session': '1' }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const cookies = response.headers.getSetCookie();
  const text = await response.text();
  answers.push({ request, text: `${JSON.stringify([...response.headers])}\n${text}`, shows });
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes.
  let json: any = null;
  try {
    json = JSON.parse(text);
  } catch {
    // A stream, or nothing.
  }
  return { status: response.status, json, cookie: cookies[0]?.split(';')[0] ?? '' };
}

/** Notes the secret that the answer to the latest request has shown. */
function shown(name: string, secret: string): string {
  expect(secret.length, name).toBeGreaterThan(15);
  secrets[name] = secret;
  answers.at(-1)?.shows.push(name);
  return secret;
}

/** One more secret that nobody is to see, by what it is. */
function hidden(name: string, prefix = ''): string {
  const secret = canary(prefix);
  secrets[name] = secret;
  return secret;
}

/** Every type of destination for calls of which nobody else says anything, and every channel of alerts. */
async function startWorld(): Promise<GatewayWithUpstream> {
  [receiver, mailbox] = await Promise.all([
    startTakeAll(),
    startMailReceiver({ user: 'gate', pass: hidden('password of the mail server') }),
  ]);
  const { url } = receiver;
  const team = { team_id: 'of-the-file', success_callback: ['langfuse'], langfuse_host: url };
  return startGatewayWithUpstream({
    general: {
      alerting: ['slack', 'webhook', 'email'],
      alerting_args: { check_interval: 0.2, email_recipients: ['ops@example.com'] },
      log_destination_allowed_hosts: ['127.0.0.1'],
    },
    litellm: {
      callbacks: ['gcs_bucket', 's3', 'langfuse', 'otel', 'datadog', 'generic_api', 'file'],
      turn_off_message_logging: false,
      default_team_settings: [
        { ...team, langfuse_public_key: 'pk-1', langfuse_secret: hidden('destination of the file', 'sk-lf-') },
      ],
    },
    env: {
      LATCHKEY_SALT_KEY: hidden('salt'),
      UI_PASSWORD: hidden('password of the administrator'),
      SLACK_WEBHOOK_URL: `${url}/slack/${hidden('address of the Slack channel')}`,
      WEBHOOK_URL: `${url}/hook`,
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String(mailbox.port),
      SMTP_TLS: 'False',
      SMTP_USERNAME: 'gate',
      SMTP_PASSWORD: secrets['password of the mail server'] as string,
      SMTP_SENDER_EMAIL: 'gateway@example.com',
      STORAGE_EMULATOR_HOST: url,
      GCS_BUCKET_NAME: 'all-calls',
      GCS_FLUSH_INTERVAL: '0.1',
      S3_BUCKET_NAME: 'all-calls',
      S3_ENDPOINT_URL: `${url}/s3`,
      S3_FLUSH_INTERVAL: '0.1',
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIAALLCALLS',
      AWS_SECRET_ACCESS_KEY: hidden('secret of S3'),
      LANGFUSE_HOST: url,
      LANGFUSE_PUBLIC_KEY: 'pk-all',
      LANGFUSE_SECRET_KEY: hidden('secret of Langfuse', 'sk-lf-'),
      LANGFUSE_FLUSH_INTERVAL: '0.1',
      OTEL_ENDPOINT: `${url}/otel`,
      OTEL_HEADERS: `authorization=Bearer ${hidden('header of OpenTelemetry')}`,
      OTEL_FLUSH_INTERVAL: '0.1',
      DD_BASE_URL: `${url}/dd`,
      DD_API_KEY: hidden('key of Datadog'),
      DD_FLUSH_INTERVAL: '0.1',
      GENERIC_LOGGER_ENDPOINT: `${url}/all`,
      GENERIC_LOGGER_HEADERS: `authorization=Bearer ${hidden('header of the webhook')}`,
      GENERIC_LOGGER_FLUSH_INTERVAL: '0.1',
      LATCHKEY_LOG_DIRECTORY: logFiles,
    },
  });
}

beforeAll(async () => {
  world = await startWorld();
  secrets['master key'] = world.gateway.masterKey;
  await run();
  await runLogged();
}, 120_000);
afterAll(async () => {
  await world.close();
  await Promise.all([receiver.close(), mailbox.close()]);
  rmSync(logFiles, { recursive: true, force: true });
});

async function run(): Promise<void> {
  const chat = (model: string, more = {}) => ({ model, messages: [{ role: 'user', content: 'hi' }], ...more });

  const made = await send('POST /key/generate', { body: { key_alias: 'first', max_budget: 5 } });
  const key = shown('key', made.json.key);
  secrets['chosen key'] = canary('sk-chosen-');
  const chosen = secrets['chosen key'];
  await send('POST /key/generate', { body: { key: chosen }, shows: ['chosen key'] });
  await send('POST /key/generate', { body: { key: chosen } });
  const second = await send('POST /key/generate', { body: { rpm_limit: 'x', key: canary('sk-refused-') } });
  expect(second.status).toBe(422);
  const rotating = shown('key before its rotation', (await send('POST /key/generate', { body: {} })).json.key);
  const rotated = await send('POST /key/regenerate', { body: { key: rotating, grace_period: '1h' } });
  shown('key after its rotation', rotated.json.key);
  await send(`GET /key/info?key=${key}`);
  await send('GET /key/info', { key });
  await send(`POST /key/${key}/regenerate`, { body: {} }).then((answer) => {
    if (answer.status === 200) shown('key rotated by its secret', answer.json.key);
  });

  secrets.password = canary('pass-');
  secrets['second password'] = canary('word-');
  secrets['wrong password'] = canary('wrong-');
  const { password } = secrets;
  const user = await send('POST /user/new', { body: { user_id: 'ada', user_email: 'ada@example.com', password } });
  shown('first key of a user', user.json.key);
  const login = (body: object) => send('POST /login', { key: null, body });
  const session = await login({ username: 'ada', password });
  expect(session.status, JSON.stringify(session.json)).toBe(200);
  shown('session token', session.cookie.slice(session.cookie.indexOf('=') + 1));
  await login({ username: 'ada', password: secrets['wrong password'] });
  await login({ username: ['ada'], password });
  await send('POST /login', { key: null, body: `{"username": "ada", "password": "${password}"` });
  await send('GET /session', { key: null, cookie: session.cookie });
  const bySession = await send('POST /key/generate', { key: null, cookie: session.cookie, body: {} });
  shown('key made in a session', bySession.json.key);
  await send('POST /user/update', { body: { user_id: 'ada', password: secrets['second password'] } });
  await send('GET /session', { key: null, cookie: session.cookie });

  secrets['credential of a model'] = canary('sk-provider-');
  const api_base = world.upstream.apiBase;
  const params = { model: 'openai/added', api_base, api_key: secrets['credential of a model'] };
  const model = await send('POST /model/new', { body: { model_name: 'added', litellm_params: params } });
  expect(model.status, JSON.stringify(model.json)).toBe(200);
  await send('POST /model/new', { body: { model_name: 7, litellm_params: params } });
  secrets['later credential of a model'] = canary('sk-provider-');
  await send('POST /model/update', {
    body: {
      model_info: { id: model.json.model_id },
      litellm_params: { api_key: secrets['later credential of a model'] },
    },
  });
  await send('GET /model/info');

  const caller = shown('key that calls', (await send('POST /key/generate', { body: {} })).json.key);
  for (const name of ['fake/plain', 'added', 'fake/fail-401', 'fake/fail-500', 'fake/malformed', 'nobody-knows-this']) {
    await send('POST /v1/chat/completions', { key: caller, body: chat(name) });
    await send('POST /v1/chat/completions', { key: caller, body: chat(name, { stream: true }) });
  }
  for (const name of ['fake/drop-after-1', 'fake/error-after-1']) {
    await send('POST /v1/chat/completions', { key: caller, body: chat(name, { stream: true }) }).catch(() => undefined);
  }
  secrets['unknown key'] = canary('sk-unknown-');
  await send('POST /v1/chat/completions', { key: secrets['unknown key'], body: chat('fake/plain') });
  await send('POST /v1/chat/completions', { key: `${caller}x`, body: chat('fake/plain') });
  await send('POST /v1/chat/completions', { key: caller, body: `{"model": "${caller}"` });

  await send('POST /leaked', {
    key: null,
    body: [{ token: caller, type: 'x', url: `https://a.example/?t=${caller}` }],
  });
  await send('POST /v1/chat/completions', { key: caller, body: chat('fake/plain') });
  await send('POST /key/block', { body: { key: chosen } });
  // Repeats what it was asked about, as clients of this route expect.
  await send('POST /key/delete', { body: { keys: [chosen] }, shows: ['chosen key'] });
  await send(`GET /no-such-route?api_key=${chosen}`);
  for (const path of ['/key/list?return_full_object=true', '/user/list', '/team/list', '/spend/logs', '/metrics']) {
    await send(`GET ${path}`);
  }
}

/** Calls of keys and a team with destinations of their own: some take records, one refuses them, one is away. */
async function runLogged(): Promise<void> {
  const { url } = receiver;
  const hook = (path: string, name: string) => ({
    callback_name: 'generic_api',
    callback_vars: { endpoint: `${url}/${path}`, headers: `authorization=Bearer ${hidden(name)}` },
  });
  const inAddress = (address: string) => ({ callback_name: 'generic_api', callback_vars: { endpoint: address } });
  const account = { type: 'service_account', client_email: 'a@b.example', private_key: hidden('account of a key') };
  const logging = [
    hook('of-the-key', 'webhook of a key'),
    inAddress(url.replace('://', `://ada:${hidden('password in an address')}@`)),
    inAddress(`${url}/by-parameter?token=${hidden('token in an address')}`),
    {
      callback_name: 'gcs_bucket',
      callback_vars: { gcs_bucket_name: 'of-the-key', gcs_path_service_account: JSON.stringify(account) },
    },
    {
      callback_name: 's3',
      callback_vars: {
        s3_bucket_name: 'of-the-key',
        s3_endpoint_url: `${url}/s3`,
        s3_aws_access_key_id: 'AKIAOFTHEKEY',
        s3_aws_secret_access_key: hidden('S3 of a key'),
      },
    },
    {
      callback_name: 'langfuse',
      callback_vars: {
        langfuse_host: url,
        langfuse_public_key: 'pk',
        langfuse_secret: hidden('Langfuse of a key', 'sk-lf-'),
      },
    },
    {
      callback_name: 'otel',
      callback_vars: { otel_endpoint: `${url}/otel`, otel_headers: `x-key=${hidden('OpenTelemetry of a key')}` },
    },
  ];
  const callWith = async (name: string, fields: object) => {
    const made = await send('POST /key/generate', { body: fields });
    expect(made.status, JSON.stringify(made.json)).toBe(200);
    const key = shown(name, made.json.key);
    const body = { model: 'fake/plain', messages: [{ role: 'user', content: 'hi' }] };
    for (const stream of [false, true]) await send('POST /v1/chat/completions', { key, body: { ...body, stream } });
    return key;
  };
  const key = await callWith('key with destinations', { key_alias: 'logged', metadata: { logging } });
  await send(`GET /key/info?key=${key}`);
  await send('GET /key/info', { key });
  await send('POST /key/health', { key, body: {} });
  // Repeats what it was asked about, as clients of this route expect.
  const shows = ['key with destinations'];
  const later = hook('of-the-key', 'later webhook of a key');
  const headers = { authorization: hidden('header of a key, as an object') };
  const asObject = { callback_name: 'generic_api', callback_vars: { endpoint: `${url}/as-object`, headers } };
  await send('POST /key/update', { body: { key, metadata: { logging: [later, asObject] } }, shows });
  await send('POST /key/health', { key, body: {} });
  expect(answers.at(-1)?.text).toContain('"healthy"');
  await send('POST /key/update', {
    body: {
      key,
      metadata: {
        logging: [{ callback_name: 'datadog', callback_vars: { dd_api_key: hidden('Datadog of a key'), dd_site: 7 } }],
      },
    },
    shows,
  });
  await callWith('key whose destination refuses', { metadata: { logging: [hook('refused', 'webhook that refuses')] } });
  const away = await callWith('key whose destination is away', {
    metadata: { logging: [hook('away', 'webhook that is away')] },
  });
  await send('POST /key/health', { key: away, body: {} });

  await send('POST /team/new', { body: { team_id: 'of-the-file' } });
  await callWith('key of the file’s team', { team_id: 'of-the-file' });
  await send('POST /team/new', { body: { team_id: 'logged-team' } });
  const vars = {
    langfuse_host: url,
    langfuse_public_key: 'pk',
    langfuse_secret: hidden('Langfuse of a team', 'sk-lf-'),
  };
  for (let times = 0; times < 2; times += 1) {
    await send('POST /team/logged-team/callback', { body: { callback_name: 'langfuse', callback_vars: vars } });
  }
  await callWith('key of a logged team', { team_id: 'logged-team' });
  for (const path of ['/team/logged-team/callback', '/team/of-the-file/callback', '/team/info?team_id=logged-team']) {
    await send(`GET ${path}`);
  }

  const invited = await send('POST /key/generate', {
    body: { send_invite_email: true, user_email: 'eve@example.com' },
  });
  expect(invited.status, JSON.stringify(invited.json)).toBe(200);
  shown('key sent by mail', invited.json.key);
  for (const service of ['slack', 'webhook', 'email']) await send(`GET /health/services?service=${service}`);
  const day = new Date().toISOString().slice(0, 10);
  for (const format of ['csv', 'ndjson', 'focus']) {
    await send(`GET /spend/export?start_date=${day}&end_date=${day}&format=${format}&group_by=day,model,key,user,team`);
    expect(answers.at(-1)?.text).toContain('fake/plain');
  }
  for (const path of [
    '/metrics',
    '/health',
    '/health/readiness',
    '/key/list?return_full_object=true',
    '/team/list',
    '/spend/logs',
  ]) {
    await send(`GET ${path}`);
  }
}

/** Everything in a mail that somebody might read. */
const textOf = ({ subject, text, html, headerLines }: ParsedMail) =>
  JSON.stringify([subject, text, html, headerLines.map(({ line }) => line)]);

/** Names of secrets that the bytes hold. */
function findIn(bytes: Buffer | string): string[] {
  return Object.keys(secrets).filter((name) => bytes.includes(secrets[name] as string));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('no secret is', () => {
  test('in the log', async () => {
    // Lines of requests are handed over many at a time.
    await expect.poll(() => world.gateway.logs().length, { timeout: 10_000 }).toBeGreaterThan(1_000);
    expect(findIn(world.gateway.logs())).toEqual([]);
  });

  test('in any file of the data directory: database, write-ahead file, journal', () => {
    const files = filesBelow(world.gateway.dataDir);
    expect(files.some((file) => file.endsWith('-wal'))).toBe(true);
    // What is no secret is found, so that a secret would be.
    expect(files.some((file) => readFileSync(file).includes('ada@example.com'))).toBe(true);
    const found = files.map((file) => [file, findIn(readFileSync(file))]).filter(([, names]) => names?.length !== 0);
    expect(found).toEqual([]);
  });

  test('in the audit log or its export', async () => {
    for (const path of ['/audit?page_size=100', '/audit/export']) {
      const { status } = await send(`GET ${path}`);
      expect(status).toBe(200);
      expect(answers.at(-1)?.text.length).toBeGreaterThan(1_000);
      expect(findIn(answers.at(-1)?.text ?? '')).toEqual([]);
    }
  });

  test('in an answer, but in the one that shows it', () => {
    const found = answers.flatMap(({ request, text, shows }) => {
      const names = findIn(text).filter((name) => !shows.includes(name) && !request.includes(secrets[name] as string));
      return names.map((name) => `${name} in the answer to ${request}`);
    });
    expect(found).toEqual([]);
    expect(answers.filter(({ shows }) => shows.length > 0).length).toBeGreaterThan(6);
  });

  test('in what log destinations are sent, of any type and of whoever’s', async () => {
    const asked = () => receiver.taken.map(({ path }) => path);
    const wanted = [/all-calls/, /s3/, /api.public.otel/, /otel.v1.traces/, /otel.v1.metrics/, /^.dd.api/, /^.all$/];
    for (const path of [...wanted, /of-the-key/, /^.refused/, /^.away/]) {
      await expect
        .poll(() => asked().some((one) => path.test(one)), { timeout: 10_000, message: `${path}` })
        .toBe(true);
    }
    const bodies = receiver.taken.map(({ path, body }) => [path, findIn(body)]);
    expect(bodies.filter(([, names]) => names?.length !== 0)).toEqual([]);
    await expect.poll(() => filesBelow(logFiles).length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(filesBelow(logFiles).flatMap((file) => findIn(readFileSync(file)))).toEqual([]);
    const waiting = filesBelow(world.gateway.dataDir);
    for (const place of ['dead-letters', 'spools']) {
      expect(waiting.some((file) => file.includes(place) && readFileSync(file).includes('litellm_call_id'))).toBe(true);
    }
  });

  test('in an alert, but the key that is sent by mail in the one that sends it', async () => {
    const alerts = () => receiver.taken.filter(({ path }) => path.startsWith('/hook') || path.startsWith('/slack'));
    await expect.poll(() => alerts().length, { timeout: 10_000 }).toBeGreaterThan(10);
    expect(alerts().flatMap(({ body }) => findIn(body))).toEqual([]);
    const told = () => mailbox.mails.flatMap((mail) => findIn(textOf(mail)));
    await expect.poll(told, { timeout: 10_000 }).toEqual(['key sent by mail']);
    expect(mailbox.mails.length).toBeGreaterThan(5);
  });

  test('in an export, or in what a command says', async () => {
    const { configFile, dataDir, url, masterKey } = world.gateway;
    const here = ['--config', configFile, '--data-dir', dataDir];
    const env = { LATCHKEY_SALT_KEY: secrets.salt as string, LATCHKEY_URL: url, LATCHKEY_API_KEY: masterKey };
    const of = (...args: string[]) => runLatchkey(args, env);
    const [exported, listed] = await Promise.all([of('export', ...here), of('keys', 'list')]);
    expect([exported.code, listed.code], exported.err + listed.err).toEqual([0, 0]);
    expect(exported.out).toContain('ada@example.com');
    expect([exported, listed].flatMap(({ out, err }) => findIn(out + err))).toEqual([]);
  });

  test('in what is said of a database that cannot be used', async () => {
    const database = new URL(inject('postgresUrl'));
    database.password = hidden('password of the database');
    database.pathname = '/there-is-no-such-database';
    const elsewhere = new URL(database);
    elsewhere.port = '9';
    const said = await Promise.all(
      [database, elsewhere].map(({ href }) =>
        runLatchkey(['migrate'], { DATABASE_URL: href, LATCHKEY_SALT_KEY: 'x'.repeat(32) }),
      ),
    );
    for (const { code, out, err } of said) {
      expect(code).toBe(1);
      expect(findIn(out + err), err).toEqual([]);
    }
  });

  test('left behind when the process has ended and started again', async () => {
    await world.gateway.restart();
    const files = filesBelow(world.gateway.dataDir);
    expect(files.flatMap((file) => findIn(readFileSync(file)))).toEqual([]);
    expect(findIn(world.gateway.logs())).toEqual([]);
  });
});
