// Several gateways on one database, as several hosts would run them, with an upstream that keeps its own count.

import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './compose-for-test.ts';
import { type FakeUpstream, startFakeUpstream } from './fake-upstream.ts';
import { configFor } from './gateway-with-upstream.ts';
import { createTestDatabase } from './postgres.ts';

export interface SeveralGateways {
  upstream: FakeUpstream;
  urls: string[];
  /** A request by the administrator to the first of them, unless another one is named. */
  ask(path: string, body?: unknown, url?: string): Promise<{ status: number; body: Record<string, unknown> }>;
  newKey(fields: Record<string, unknown>): Promise<string>;
  /** So many calls at once, dealt out to the gateways; how many came back with which status. */
  callAtOnce(count: number, key: string, model: string): Promise<Record<number, number>>;
  /** Dollars that this gateway says the key has spent. */
  spendShownBy(url: string, key: string): Promise<number>;
  close(): Promise<void>;
}

/** `general`: their general_settings. */
export async function startSeveralGateways(
  count: number,
  general: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<SeveralGateways> {
  const database = await createTestDatabase();
  const upstream = await startFakeUpstream();
  const config = JSON.stringify(configFor(upstream, general));
  const gateways: TestApp[] = [];
  const urls: string[] = [];
  for (let started = 0; started < count; started += 1) {
    const gateway = await startTestApp({ config, env, databaseUrl: database.url });
    gateways.push(gateway);
    urls.push(await gateway.listen());
  }
  const [first, masterKey] = [urls[0] as string, (gateways[0] as TestApp).masterKey];

  async function send(url: string, key: string, body?: unknown) {
    const answer = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  }
  const ask: SeveralGateways['ask'] = (path, body, url = first) => send(`${url}${path}`, masterKey, body);

  return {
    upstream,
    urls,
    ask,
    async newKey(fields) {
      return (await ask('/key/generate', fields)).body.key as string;
    },
    async callAtOnce(calls, key, model) {
      const body = { model, messages: [{ role: 'user', content: randomUUID() }], max_tokens: 10 };
      const answers = await Promise.all(
        Array.from({ length: calls }, (_, call) => send(`${urls[call % urls.length]}/v1/chat/completions`, key, body)),
      );
      const byStatus: Record<number, number> = {};
      for (const { status } of answers) byStatus[status] = (byStatus[status] ?? 0) + 1;
      return byStatus;
    },
    async spendShownBy(url, key) {
      const { body } = await ask(`/key/info?key=${key}`, undefined, url);
      return (body.info as { spend: number }).spend;
    },
    async close() {
      for (const gateway of gateways) await gateway.close();
      await upstream.close();
      await database.drop();
    },
  };
}
