/** Keys that rotate by themselves: two gateways on one database, and a clock that the tests move. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callGateway } from '../../support/call-gateway.ts';
import { startTestApp, type TestApp } from '../../support/compose-for-test.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let nowMs = Date.UTC(2026, 3, 1, 12);
let database: TestDatabase;
let gateways: TestApp[] = [];
const warned: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  for (let count = 0; count < 2; count += 1) {
    gateways.push(
      await startTestApp({
        databaseUrl: database.url,
        nowMs: () => nowMs,
        env: { LATCHKEY_SALT_KEY: 'a-salt-key-for-tests-0123456789' },
        onLog: (line) => void (line.includes('due for rotation') && warned.push(line)),
      }),
    );
  }
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  gateways = [];
  await database.drop();
});

const call = (
  request: string,
  options: { body?: object; key?: string; headers?: Record<string, string> } = {},
  of = 0,
) => callGateway(gateways[of] as TestApp, request, options);
const make = async (body: object = {}) =>
  (await call('POST /key/generate', { body: { auto_rotate: true, rotation_interval: '30d', ...body } })).body;
const infoOf = async (key: string) => (await call(`GET /key/info?key=${key}`)).body.info;
const claim = (key: string, headers = {}, of = 0) => call('POST /key/rotation/claim', { key, headers }, of);
const chat = async (key: string, of = 0) => {
  const body = { model: 'mock-gpt', messages: [{ role: 'user', content: 'Hello' }] };
  return (await call('POST /v1/chat/completions', { body, key }, of)).status;
};
const actionsOf = async (key: string) => {
  const { audit_logs: rows } = (await call(`GET /audit?object_id=${key}&page_size=100`)).body;
  return rows.map(({ action }: { action: string }) => action).reverse();
};
const isOpen = (key: string) =>
  expect.poll(async () => (await infoOf(key)).rotation.claim_until, { timeout: 15_000 }).not.toBeNull();
const isOverdue = (key: string) =>
  expect.poll(async () => (await infoOf(key)).rotation.overdue, { timeout: 15_000 }).toBe(true);

describe('a key with auto_rotate', () => {
  test('is due once, whoever looks; its holder claims the new secret, and the old one works on for a day', async () => {
    const made = await make({ spend: 2, max_budget: 5, key_type: 'llm_api' });
    const later = await make({ rotation_interval: '60d' });
    expect(Date.parse(made.key_rotation_at)).toBe(nowMs + 30 * DAY_MS);
    expect((await claim(made.key)).status).toBe(400);

    nowMs += 30 * DAY_MS;
    await isOpen(made.key_id);
    expect(Date.parse((await infoOf(made.key_id)).rotation.claim_until)).toBe(nowMs + DAY_MS);
    // Both processes have looked again by the time that a key which came later is open.
    nowMs += HOUR_MS;
    await isOpen((await makeDueNow()).key_id);
    expect(await actionsOf(made.key_id)).toEqual(['created', 'rotation_due']);
    expect((await infoOf(later.key_id)).rotation).toMatchObject({ claim_until: null, overdue: false });
    expect([await chat(made.key), await chat(made.key, 1)]).toEqual([200, 200]);

    const claimed = await claim(made.key, { 'idempotency-key': 'once' }, 1);
    expect(claimed).toMatchObject({
      status: 200,
      body: { key_id: made.key_id, rotation_count: 1, max_budget: 5, allowed_routes: made.allowed_routes },
    });
    expect(claimed.body.spend).toBeGreaterThanOrEqual(2);
    expect(claimed.body.key).not.toBe(made.key);
    expect(Date.parse(claimed.body.last_rotation_at)).toBe(nowMs);
    expect(Date.parse(claimed.body.key_rotation_at)).toBe(nowMs + 30 * DAY_MS);
    // Once: again only for whoever can show that it is the same request.
    expect((await claim(made.key)).status).toBe(409);
    expect((await claim(claimed.body.key)).status).toBe(400);
    expect((await claim(made.key, { 'idempotency-key': 'once' })).body.key).toBe(claimed.body.key);
    expect(await actionsOf(made.key_id)).toEqual(['created', 'rotation_due', 'rotated']);
    expect([await chat(made.key), await chat(claimed.body.key)]).toEqual([200, 200]);

    nowMs += DAY_MS;
    expect([await chat(made.key), await chat(claimed.body.key)]).toEqual([401, 200]);
  });

  test('works on when nobody claims, is shown as overdue, warned of once, and can be claimed still', async () => {
    const made = await make();
    nowMs += 30 * DAY_MS;
    await isOpen(made.key_id);
    nowMs += DAY_MS;
    await isOverdue(made.key_id);
    nowMs += HOUR_MS;
    await isOpen((await makeDueNow()).key_id);
    expect(warned.filter((line) => line.includes(made.key_id))).toHaveLength(1);
    expect(await actionsOf(made.key_id)).toEqual(['created', 'rotation_due', 'rotation_overdue']);
    expect([await chat(made.key), await chat(made.key, 1)]).toEqual([200, 200]);

    const { status, body } = await claim(made.key);
    expect(status).toBe(200);
    expect([await chat(made.key), await chat(body.key)]).toEqual([200, 200]);
    expect((await infoOf(made.key_id)).rotation).toMatchObject({ claim_until: null, overdue: false });
  });

  test('is rotated by hand as ever, which starts the interval again; so does another interval; without one it stays', async () => {
    const made = await make();
    nowMs += 30 * DAY_MS;
    await isOpen(made.key_id);
    const next = (await call(`POST /key/${made.key_id}/regenerate`, { body: { grace_period: '1h' } })).body;
    expect(Date.parse(next.key_rotation_at)).toBe(nowMs + 30 * DAY_MS);
    expect((await infoOf(made.key_id)).rotation).toMatchObject({ claim_until: null, overdue: false });
    expect((await claim(made.key)).status).toBe(409);
    nowMs += HOUR_MS;
    const update = (body: object) => call('POST /key/update', { body: { key: made.key_id, ...body } });
    await update({ rotation_interval: '7d' });
    expect(Date.parse((await infoOf(made.key_id)).key_rotation_at)).toBe(nowMs + 7 * DAY_MS);
    nowMs += HOUR_MS;
    await update({ max_budget: 3 });
    expect(Date.parse((await infoOf(made.key_id)).key_rotation_at)).toBe(nowMs - HOUR_MS + 7 * DAY_MS);
    await update({ auto_rotate: false });
    expect((await infoOf(made.key_id)).key_rotation_at).toBeNull();
    expect((await call('POST /key/rotation/claim')).status).toBe(400);
  });
});

/** One that is opened at the next look, and so tells that there was one. */
async function makeDueNow() {
  const made = await make({ rotation_interval: '1s' });
  nowMs += 1_000;
  return made;
}
