// Signing in and out, what a session opens and what it does not, and how it ends.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';

let gateway: TestApp;
const clock = { nowMs: Date.UTC(2026, 4, 1) };
const logged: string[] = [];
const PASSWORD = 'correct horse battery';

beforeAll(async () => {
  gateway = await startTestApp({ nowMs: () => clock.nowMs, onLog: (line) => logged.push(line) });
});
afterAll(() => gateway.close());

const admin = async (request: string, body?: object) => {
  const answer = await callGateway(gateway, request, body === undefined ? {} : { body });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
};
let addresses = 0;
/** From an address of its own, unless told otherwise, so that tests do not slow each other down. */
const login = (payload: object | string, headers: Record<string, string> = {}, remoteAddress?: string) => {
  addresses += 1;
  return gateway.app.inject({
    method: 'POST',
    url: '/login',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
    remoteAddress: remoteAddress ?? `10.0.${addresses >> 8}.${addresses & 255}`,
  });
};
const cookieOf = (answer: { headers: Record<string, unknown> }) =>
  String(answer.headers['set-cookie']).split(';')[0] as string;
const OWN = { 'x-latchkey-session': '1' };
const send = (method: 'GET' | 'POST', url: string, cookie: string, payload?: object, headers: object = OWN) =>
  gateway.app.inject({
    method,
    url,
    headers: { cookie, ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
let people = 0;
const newUser = async (fields: object = {}) => {
  people += 1;
  const id = `user-${people}`;
  const email = `${id}@example.com`;
  await admin('POST /user/new', {
    user_id: id,
    user_email: email,
    password: PASSWORD,
    auto_create_key: false,
    ...fields,
  });
  return id;
};
const signedIn = async (username: string, password = PASSWORD) => {
  const answer = await login({ username, password });
  expect([answer.statusCode, answer.json().error]).toEqual([200, undefined]);
  return { cookie: cookieOf(answer), id: answer.json().session_id as string };
};
const isOpen = async (cookie: string) => (await send('GET', '/session', cookie)).statusCode === 200;

describe('signing in', () => {
  test('works with id and address, in JSON and as a form; the token is in the cookie only', async () => {
    const id = await newUser();
    const forms = [
      [{ username: id, password: PASSWORD }, 'application/json'],
      [{ user_email: `${id.toUpperCase()}@Example.com`, password: PASSWORD }, 'application/json'],
      [{ user_id: id, password: PASSWORD }, 'application/json'],
      [new URLSearchParams({ username: id, password: PASSWORD }).toString(), 'application/x-www-form-urlencoded'],
    ] as const;
    for (const [payload, type] of forms) {
      const answer = await login(payload, { 'content-type': type });
      expect([type, answer.statusCode, answer.json().user_id]).toEqual([type, 200, id]);
      expect(answer.headers['set-cookie']).toMatch(
        /^latchkey_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=86400; HttpOnly; SameSite=Lax$/,
      );
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).not.toContain(cookieOf(answer).split('=')[1]);
      const me = await send('GET', '/session', cookieOf(answer));
      expect(me.json()).toMatchObject({ user_id: id, user_role: 'internal_user', kind: 'session' });
    }
  });

  test('as administrator: by the master key', async () => {
    const { cookie } = await signedIn('admin', gateway.masterKey);
    expect((await send('GET', '/session', cookie)).json()).toMatchObject({ user_role: 'proxy_admin', kind: 'session' });
    expect((await send('POST', '/key/generate', cookie, {})).statusCode).toBe(200);
    expect((await login({ username: 'admin', password: 'sk-another-master-key-000' })).statusCode).toBe(401);
  });

  test('an unknown name and a wrong password are refused in the same words', async () => {
    const id = await newUser();
    const none = await newUser({ password: null });
    const names = [id, none, 'nobody-of-this-name', 'admin'];
    const answers = await Promise.all(names.map((username) => login({ username, password: 'wrong password' })));
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
    expect(answers[0]?.statusCode).toBe(401);
    expect(answers[0]?.headers['set-cookie']).toBeUndefined();
  });

  test('failures are slowed down by account, also under its other name, and by address', async () => {
    const id = await newUser();
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await login({ username: attempt % 2 ? id : `${id}@example.com`, password: 'x' })).statusCode).toBe(401);
    }
    const refused = await login({ username: id, password: PASSWORD });
    expect([refused.statusCode, refused.json().error.message]).toEqual([429, expect.stringContaining('this account')]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const other = await newUser();
    for (let attempt = 0; attempt < 50; attempt += 1) {
      await login({ username: `nobody-${attempt}`, password: 'x' }, {}, '2001:db8:1:2::1');
    }
    expect((await login({ username: other, password: PASSWORD }, {}, '2001:db8:1:2:ffff::9')).statusCode).toBe(429);
    expect((await login({ username: other, password: PASSWORD })).statusCode).toBe(200);
    clock.nowMs += 15 * 60_000;
    expect((await login({ username: id, password: PASSWORD })).statusCode).toBe(200);
  });

  test('from another site is refused', async () => {
    const id = await newUser();
    const body = { username: id, password: PASSWORD };
    expect((await login(body, { 'sec-fetch-site': 'cross-site' })).statusCode).toBe(403);
    expect((await login(body, { origin: 'https://evil.example' })).statusCode).toBe(403);
    expect((await login(body, { origin: 'http://localhost:80' })).statusCode).toBe(200);
  });

  test('gives a new token, and ends the session that the browser came with', async () => {
    const id = await newUser();
    const first = await signedIn(id);
    const answer = await login({ username: id, password: PASSWORD }, { cookie: first.cookie });
    expect(cookieOf(answer)).not.toBe(first.cookie);
    expect([await isOpen(first.cookie), await isOpen(cookieOf(answer))]).toEqual([false, true]);
    const chosen = `latchkey_session=${'A'.repeat(43)}`;
    const fixed = await login({ username: id, password: PASSWORD }, { cookie: chosen });
    expect([cookieOf(fixed) === chosen, await isOpen(chosen)]).toEqual([false, false]);
  });
});

describe('a session', () => {
  test('is no key: it calls no model, and its token is no bearer', async () => {
    const { cookie } = await signedIn('admin', gateway.masterKey);
    const call = { model: 'mock-gpt', messages: [{ role: 'user', content: 'hi' }] };
    expect((await send('POST', '/v1/chat/completions', cookie, call)).statusCode).toBe(401);
    const token = cookie.split('=')[1] as string;
    const bearer = { authorization: `Bearer ${token}` };
    expect((await gateway.app.inject({ url: '/session', headers: bearer })).statusCode).toBe(401);
  });

  test('does not stand in for a key that the request names, however badly', async () => {
    const { cookie } = await signedIn('admin', gateway.masterKey);
    for (const headers of [
      { authorization: 'nonsense' },
      { 'x-litellm-api-key': '' },
      { 'x-api-key': 'sk-no-such-key-0000000' },
    ]) {
      expect([headers, (await send('GET', '/key/list', cookie, undefined, headers)).statusCode]).toEqual([
        headers,
        401,
      ]);
    }
  });

  test('has the rights of its user and no more', async () => {
    const { cookie } = await signedIn(await newUser());
    expect((await send('POST', '/user/new', cookie, { user_id: 'x' })).statusCode).toBe(401);
    expect((await send('GET', '/audit', cookie)).statusCode).toBe(401);
  });

  test('changes nothing for a request that could come from another site', async () => {
    const { cookie } = await signedIn('admin', gateway.masterKey);
    const make = (headers: object) => send('POST', '/key/generate', cookie, {}, headers);
    const refused = [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { ...OWN, 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of refused) expect([headers, (await make(headers)).statusCode]).toEqual([headers, 403]);
    expect((await make({})).json().error.message).toContain('x-latchkey-session');
    const accepted = [OWN, { 'sec-fetch-site': 'same-origin' }, { origin: 'http://localhost:80', host: 'localhost' }];
    for (const headers of accepted) expect([headers, (await make(headers)).statusCode]).toEqual([headers, 200]);
    expect((await send('GET', '/key/list', cookie, undefined, {})).statusCode).toBe(200);
  });

  test('ends by the clock: idle, and at its end although it is used', async () => {
    const id = await newUser();
    const idle = (await signedIn(id)).cookie;
    clock.nowMs += 7 * 3_600_000;
    expect(await isOpen(idle)).toBe(true);
    clock.nowMs += 8 * 3_600_000;
    expect(await isOpen(idle)).toBe(false);
    const used = (await signedIn(id)).cookie;
    for (let hours = 0; hours < 23; hours += 1) {
      clock.nowMs += 3_600_000;
      expect(await isOpen(used)).toBe(true);
    }
    clock.nowMs += 3_600_000;
    expect(await isOpen(used)).toBe(false);
    const out = await send('POST', '/logout', used);
    expect([out.statusCode, out.headers['set-cookie']]).toEqual([200, expect.stringContaining('Max-Age=0')]);
  });

  test('ends with sign-out, and signing out twice is no error', async () => {
    const { cookie } = await signedIn(await newUser());
    expect((await send('POST', '/logout', cookie, undefined, {})).statusCode).toBe(403);
    expect(await isOpen(cookie)).toBe(true);
    for (const _ of [1, 2]) expect((await send('POST', '/logout', cookie)).statusCode).toBe(200);
    expect(await isOpen(cookie)).toBe(false);
  });

  test.each([
    ['is blocked', (id: string) => admin('POST /user/update', { user_id: id, blocked: true })],
    ['is deleted', (id: string) => admin('POST /user/delete', { user_ids: [id] })],
    [
      'gets another role',
      (id: string) => admin('POST /user/update', { user_id: id, user_role: 'internal_user_viewer' }),
    ],
    ['gets another password', (id: string) => admin('POST /user/update', { user_id: id, password: `${PASSWORD}!` })],
    ['is signed out by an administrator', (id: string) => admin('POST /sessions/revoke', { user_id: id })],
  ])('ends when its user %s', async (_name, act) => {
    const id = await newUser();
    const [one, two] = [await signedIn(id), await signedIn(id)];
    expect([await isOpen(one.cookie), await isOpen(two.cookie)]).toEqual([true, true]);
    await act(id);
    expect([await isOpen(one.cookie), await isOpen(two.cookie)]).toEqual([false, false]);
  });
});

describe('sessions are listed and ended', () => {
  test('one’s own by everybody, others’ by administrators only', async () => {
    const [a, b] = [await newUser(), await newUser()];
    const [mine, theirs] = [await signedIn(a), await signedIn(b)];
    const own = (await send('GET', '/sessions', mine.cookie)).json();
    expect(own.sessions.map((one: { session_id: string }) => one.session_id)).toEqual([mine.id]);
    expect((await send('GET', `/sessions?user_id=${b}`, mine.cookie)).statusCode).toBe(403);
    const unknown = await send('POST', '/sessions/revoke', mine.cookie, { session_id: 'session_nope' });
    const foreign = await send('POST', '/sessions/revoke', mine.cookie, { session_id: theirs.id });
    expect([foreign.statusCode, foreign.body]).toEqual([404, unknown.body]);
    expect((await send('POST', '/sessions/revoke', mine.cookie, { user_id: b })).statusCode).toBe(403);
    expect((await admin(`GET /sessions?user_id=${b}`)).total_count).toBe(1);
    expect((await send('POST', '/sessions/revoke', mine.cookie, { session_id: mine.id })).json()).toEqual({
      revoked: 1,
    });
    expect([await isOpen(mine.cookie), await isOpen(theirs.cookie)]).toEqual([false, true]);
  });
});

describe('a password', () => {
  test('is changed by whoever knows the old one, and stays in no answer, no log and no audit row', async () => {
    const id = await newUser();
    const { cookie } = await signedIn(id);
    const other = await signedIn(id);
    const next = 'another fine password';
    const change = (body: object) => send('POST', '/user/update', cookie, { user_id: id, password: next, ...body });
    expect((await change({})).json().error.param).toBe('current_password');
    expect((await change({ current_password: 'wrong' })).statusCode).toBe(403);
    expect((await change({ current_password: PASSWORD, password: 'short' })).json().error.param).toBe('password');
    const changed = await change({ current_password: PASSWORD });
    expect([changed.statusCode, changed.body.includes(next)]).toEqual([200, false]);
    expect([await isOpen(cookie), await isOpen(other.cookie)]).toEqual([true, false]);
    expect((await login({ username: id, password: PASSWORD })).statusCode).toBe(401);
    await signedIn(id, next);
    const audit = JSON.stringify(await admin('GET /audit?page_size=100'));
    for (const secret of [PASSWORD, next, 'argon2']) {
      expect([secret, audit.includes(secret), logged.join('').includes(secret)]).toEqual([secret, false, false]);
    }
    expect(audit).toContain('"has_password":true');
  });

  test('the first one is set by an administrator', async () => {
    const id = await newUser({ password: null });
    const { key } = await admin('POST /key/generate', { user_id: id });
    const body = { user_id: id, password: PASSWORD, current_password: '' };
    expect((await callGateway(gateway, 'POST /user/update', { key, body })).status).toBe(403);
  });
});

test('the audit log names the session: of sign-in, of what was done in it, of sign-out; never the token', async () => {
  const { cookie, id } = await signedIn('admin', gateway.masterKey);
  await send('POST', '/key/generate', cookie, { key_alias: 'made in a session' });
  await send('POST', '/logout', cookie);
  await login({ username: 'somebody', password: 'not it' });
  const rows = (await admin('GET /audit?page_size=4')).audit_logs;
  expect(rows.map((row: { action: string }) => row.action)).toEqual(['denied', 'logout', 'created', 'login']);
  expect(rows.slice(1).map((row: object) => (row as { caller_session_id: string }).caller_session_id)).toEqual([
    id,
    id,
    id,
  ]);
  expect(JSON.stringify(rows)).not.toContain(cookie.split('=')[1]);
});

test('over https the cookie is secure and bound to the host; below a path it stays there', async () => {
  const config = (extra: string) => `model_list: []\ngeneral_settings:\n  session_cookie_secure: true\n${extra}`;
  for (const [extra, pattern] of [
    ['', /^__Host-latchkey_session=.*; Path=\/; .*; Secure$/],
    ['  session_cookie_path: /a/b\n', /^latchkey_session=.*; Path=\/a\/b; .*; Secure$/],
  ] as const) {
    const own = await startTestApp({ config: config(extra) });
    try {
      const payload = { username: 'admin', password: own.masterKey };
      const answer = await own.app.inject({ method: 'POST', url: '/login', payload });
      expect(answer.headers['set-cookie']).toMatch(pattern);
      const headers = { cookie: cookieOf(answer) };
      expect((await own.app.inject({ url: '/session', headers })).statusCode).toBe(200);
    } finally {
      await own.close();
    }
  }
});
