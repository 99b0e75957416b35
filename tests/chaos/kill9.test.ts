// Rounds of random load, each ended by kill -9, on the same data. Afterwards three accounts have to agree: what the
// clients got, what the upstream served, and what the ledger says. `npm run chaos` runs many rounds; CHAOS_SEED repeats
// a run's dice (not its timing).

import { createHash, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BillEntry, type FakeUpstreamProcess, spawnFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor, costOf, type SpendLog } from '../support/gateway-with-upstream.ts';
import { createRandom, type SentCall, startLoad } from './load.ts';
import { readAllRows, runDoctor } from './read-ledger.ts';

const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 4);
const SEED = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 31));
const CLIENTS = 16;
const DIME = 0.1;
/** Enough for some rounds and not for all: the last ones run against an exhausted budget. */
const CAP = Math.max(2, ROUNDS) * 1.5;

let upstream: FakeUpstreamProcess;
let gateway: GatewayProcess;
let key: string;
let cappedKey: string;
const sent: SentCall[] = [];
let kills = 0;
let rows: Awaited<ReturnType<typeof readAllRows>> = [];
let bill: BillEntry[] = [];
const rowsByMarker = new Map<string, SpendLog[]>();
const billByMarker = new Map<string, BillEntry>();

beforeAll(async () => {
  upstream = await spawnFakeUpstream();
  gateway = await startGateway({ config: configFor(upstream) });
  key = await gateway.newKey();
  cappedKey = await gateway.newKey({ max_budget: CAP, budget_mode: 'hard' });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

test(`${ROUNDS} rounds of load, each ended by kill -9 (CHAOS_SEED=${SEED})`, { timeout: ROUNDS * 20_000 }, async () => {
  const random = createRandom(SEED);
  for (let round = 0; round < ROUNDS; round += 1) {
    let made = 0;
    const load = startLoad({
      url: gateway.url,
      key,
      cappedKey,
      clients: CLIENTS,
      random,
      newMarker: () => {
        made += 1;
        return `r${round}-c${made}`;
      },
    });
    await sleep(300 + random() * 1_500);
    await gateway.kill();
    kills += 1;
    await load.stop();
    sent.push(...load.sent);
    await gateway.restart();
  }
  expect(sent.filter(({ answered }) => answered).length).toBeGreaterThan(ROUNDS * 10);

  await expect.poll(async () => (await upstream.stats()).inFlight, { timeout: 10_000 }).toBe(0);
  rows = await readAllRows(gateway);
  bill = await upstream.bill();
  for (const row of rows) {
    const marker = row.end_user ?? '';
    rowsByMarker.set(marker, [...(rowsByMarker.get(marker) ?? []), row]);
  }
  for (const entry of bill) billByMarker.set(entry.user ?? '', entry);
});

describe('afterwards', () => {
  test('every answered call has exactly one row, with what the upstream served to it', () => {
    for (const call of sent.filter(({ answered }) => answered)) {
      const entry = billByMarker.get(call.marker);
      expect(entry, call.marker).toBeDefined();
      const expected = call.kind === 'capped' ? DIME : costOf(entry?.promptTokens ?? 0, entry?.completionTokens ?? 0);
      const own = rowsByMarker.get(call.marker) ?? [];
      expect(own, call.marker).toHaveLength(1);
      expect(own[0], call.marker).toMatchObject({ status: 'success', litellm_call_id: call.requestId });
      expect(Math.abs((own[0]?.spend ?? Number.NaN) - expected), call.marker).toBeLessThan(1e-10);
    }
  });

  test('no call has two rows, and no row is of a call that nobody made', () => {
    expect(new Set(rows.map(({ litellm_call_id: id }) => id)).size).toBe(rows.length);
    const markers = new Set(sent.map(({ marker }) => marker));
    for (const [marker, own] of rowsByMarker) {
      expect(own, marker).toHaveLength(1);
      expect(markers.has(marker), marker).toBe(true);
    }
  });

  test('no call that the upstream began to answer is missing, cut off ones included', () => {
    const missing = bill.filter(({ user }) => !rowsByMarker.has(user ?? '')).map(({ user }) => user);
    expect(missing).toEqual([]);
  });

  test('calls that the kills cut are there as unsettled, charged by what they held, and only such calls', () => {
    const unsettled = rows.filter(({ status }) => status === 'unsettled');
    expect(unsettled.length).toBeGreaterThanOrEqual(kills);
    const byMarker = new Map(sent.map((call) => [call.marker, call]));
    for (const row of unsettled) {
      expect(byMarker.get(row.end_user ?? '')?.answered, row.end_user ?? '').toBe(false);
      expect(row.spend).toBeGreaterThan(0);
    }
  });

  test("clients that left were billed for what was delivered, the upstream's failures for nothing", () => {
    const byMarker = new Map(sent.map((call) => [call.marker, call]));
    for (const row of rows) {
      const call = byMarker.get(row.end_user ?? '') as SentCall;
      if (row.status === 'aborted') expect(call.answered, call.marker).toBe(false);
      if (row.status === 'failure' && row.metadata.http_status >= 400) expect(row.spend, call.marker).toBe(0);
    }
    expect(rows.some(({ status, spend }) => status === 'aborted' && spend > 0)).toBe(true);
  });

  test('the spend of each key is the sum of its rows', async () => {
    for (const secret of [key, cappedKey]) {
      const hash = createHash('sha256').update(secret).digest('hex');
      const sum = rows.filter(({ api_key }) => api_key === hash).reduce((total, { spend }) => total + spend, 0);
      const { body } = await gateway.admin(`/key/info?key=${secret}`);
      expect(Math.abs(body.info.spend - sum)).toBeLessThan(1e-9);
      expect(sum).toBeGreaterThan(0);
    }
  });

  test('the hard budget was never exceeded, at the upstream and in the books', async () => {
    const capped = new Set(sent.filter(({ kind }) => kind === 'capped').map(({ marker }) => marker));
    const served = bill.filter(({ user }) => capped.has(user ?? ''));
    const cost = served.reduce((sum, { completionTokens }) => sum + completionTokens * 0.01, 0);
    expect(served.length).toBeGreaterThan(0);
    expect(cost).toBeLessThanOrEqual(CAP + 1e-9);
    const { body } = await gateway.admin(`/key/info?key=${cappedKey}`);
    expect(body.info.spend).toBeLessThanOrEqual(CAP + 1e-9);
  });

  test('nothing is held any more: what is left of a budget is exactly what can be spent', async () => {
    const { body } = await gateway.admin(`/key/info?key=${cappedKey}`);
    await gateway.admin('/key/update', { key: cappedKey, max_budget: body.info.spend + 3 * DIME });
    const statuses = [];
    for (let call = 0; call < 5; call += 1) {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${cappedKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'dime', max_tokens: 10, messages: [{ role: 'user', content: 'x' }] }),
      });
      statuses.push(answer.status);
      await answer.arrayBuffer();
    }
    expect(statuses).toEqual([200, 200, 200, 400, 400]);
  });

  test('the doctor finds nothing, running or stopped, and the end is a clean one', async () => {
    const running = runDoctor(gateway);
    expect(running.ok, running.text).toBe(true);
    const exited = gateway.exited();
    gateway.terminate();
    expect(await exited).toBe(0);
    const stopped = runDoctor(gateway);
    expect(stopped.ok, stopped.text).toBe(true);
    await gateway.restart();
    expect((await readAllRows(gateway)).length).toBe(rows.length + 3);
  });
});
