/**
 * Secrets are where they have to be and nowhere else: a real process, a mixed run, and then every byte that it has left
 * behind is searched for them: logs, database with its write-ahead file, journal, audit log and its export, answers.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type GatewayWithUpstream,
  startGatewayWithUpstream,
  UPSTREAM_SECRET,
} from '../support/gateway-with-upstream.ts';

let world: GatewayWithUpstream;
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

beforeAll(async () => {
  world = await startGatewayWithUpstream();
  secrets['master key'] = world.gateway.masterKey;
  await run();
}, 120_000);
afterAll(() => world.close());

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

  test('left behind when the process has ended and started again', async () => {
    await world.gateway.restart();
    const files = filesBelow(world.gateway.dataDir);
    expect(files.flatMap((file) => findIn(readFileSync(file)))).toEqual([]);
    expect(findIn(world.gateway.logs())).toEqual([]);
  });
});
