import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor, costOf } from '../support/gateway-with-upstream.ts';
import { readAllRows } from './read-ledger.ts';

let upstream: FakeUpstream;
let gateway: GatewayProcess;
let key: string;

beforeEach(async () => {
  upstream = await startFakeUpstream();
  gateway = await startGateway({ config: configFor(upstream) });
  key = await gateway.newKey();
});
afterEach(async () => {
  await gateway.stop();
  await upstream.close();
});

function call(model: string, stream: boolean): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'How is the weather?' }] }),
  });
}

async function callAnew(): Promise<number | 'no connection'> {
  try {
    const answer = await call('fake/one', false);
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 'no connection';
  }
}

describe('SIGTERM', () => {
  test('lets calls in flight end, takes no new ones, loses nothing, and exits with 0', async () => {
    const ten = (model: string, stream: boolean) =>
      Promise.all(
        Array.from({ length: 10 }, async () => {
          const answer = await call(model, stream);
          return { status: answer.status, text: await answer.text() };
        }),
      );
    const calls = Promise.all([
      ten('fake/usage-10-20+frames-20+every-50ms', true),
      ten('fake/usage-10-20+slow-800', false),
    ]);
    await expect.poll(() => upstream.stats().inFlight, { timeout: 5_000 }).toBe(20);
    const exited = gateway.exited();
    gateway.terminate();
    await expect
      .poll(() => callAnew(), { timeout: 2_000 })
      .toSatisfy((outcome) => outcome === 503 || outcome === 'no connection');
    const [streams, wholes] = await calls;
    for (const { status, text } of streams) {
      expect(status).toBe(200);
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    }
    for (const { status, text } of wholes) {
      expect(status).toBe(200);
      expect(JSON.parse(text).usage.completion_tokens).toBe(20);
    }
    expect(await exited).toBe(0);

    await gateway.restart();
    const rows = (await readAllRows(gateway)).filter(({ status }) => status === 'success');
    expect(rows.length).toBeGreaterThanOrEqual(20);
    for (const row of rows.slice(-20)) expect(row.spend).toBeCloseTo(costOf(10, 20), 12);
  });

  test('waits for a client that takes its time to read its answer', async () => {
    const answer = await call('fake/frames-1000000', false);
    const exited = gateway.exited();
    gateway.terminate();
    await sleep(1_000);
    expect(JSON.parse(await answer.text()).choices[0].message.content).toHaveLength(7_888_890);
    expect(await exited).toBe(0);
  });

  test('does not wait for connections that say nothing', async () => {
    const silent = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    await once(silent, 'connect');
    const begunMs = Date.now();
    expect(await gateway.stop()).toBe(0);
    expect(Date.now() - begunMs).toBeLessThan(10_000);
    silent.destroy();
  });
});
