// A disk that is full, simulated by a limit on the size of files that the running gateway may write.

import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts';
import { type GatewayProcess, startGateway } from '../support/gateway-process.ts';
import { configFor, costOf } from '../support/gateway-with-upstream.ts';
import { readAllRows, runDoctor } from './read-ledger.ts';

const canLimit = spawnSync('prlimit', ['--version']).status === 0;

describe.skipIf(!canLimit)('a journal that cannot be written', () => {
  let upstream: FakeUpstream;
  let gateway: GatewayProcess;
  let key: string;

  beforeAll(async () => {
    upstream = await startFakeUpstream();
    gateway = await startGateway({ config: configFor(upstream) });
    key = await gateway.newKey({ max_budget: 1, max_parallel_requests: 50 });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.close();
  });

  function setLimit(bytes: number | 'unlimited'): void {
    const limited = spawnSync('prlimit', ['--pid', String(gateway.pid), `--fsize=${bytes}:unlimited`]);
    if (limited.status !== 0) throw new Error(`prlimit: ${limited.stderr}`);
  }

  const call = async (model = 'fake/usage-10-20') => {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
    });
    return { status: answer.status, body: JSON.parse(await answer.text()), headers: answer.headers };
  };

  test('refuses calls without asking the upstream, and goes on as soon as there is room', async () => {
    expect((await call()).status).toBe(200);
    setLimit(1);
    const received = upstream.stats().received;
    for (let time = 0; time < 5; time += 1) {
      const refused = await call();
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(refused.body.error.message).not.toMatch(/EFBIG|ENOSPC|journal\/|\/tmp/);
    }
    expect(upstream.stats().received).toBe(received);
    setLimit('unlimited');
    expect((await call()).status).toBe(200);
    const { body } = await gateway.admin(`/key/info?key=${key}`);
    expect(body.info.spend).toBeCloseTo(2 * costOf(10, 20), 12);
  });

  test('a call that was under way is not answered as if it were billed', async () => {
    const under = call('fake/usage-10-20+slow-500');
    await expect.poll(() => upstream.stats().inFlight).toBe(1);
    setLimit(1);
    const { status } = await under;
    expect(status).toBe(503);
    setLimit('unlimited');
    // It has ended for everybody but the books: the next start finds it without a bill.
    await gateway.kill();
    await gateway.restart();
    const rows = await readAllRows(gateway);
    expect(rows.filter((row) => row.status === 'success')).toHaveLength(2);
    expect(rows.filter((row) => row.status === 'unsettled')).toHaveLength(1);
    const doctor = runDoctor(gateway);
    expect(doctor.ok, doctor.text).toBe(true);
  });
});
