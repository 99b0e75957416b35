import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { createHttpOutlet, type SendHttp, type SinkAnswer, type SinkRequest } from '../send-http.ts';
import { createSinkVars } from '../sink-vars.ts';
import { fetchThrough } from './fetch-through.ts';
import { gcs } from './gcs.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const ACCOUNT = {
  type: 'service_account',
  client_email: 'logs@project.iam.gserviceaccount.com',
  private_key: privateKey,
};
const TOKEN: SinkAnswer = {
  status: 200,
  text: '{"access_token":"the-token","expires_in":3600,"token_type":"Bearer"}',
  headers: { 'content-type': 'application/json' },
};

function recorder(answer: SinkAnswer): { requests: SinkRequest[]; send: SendHttp } {
  const requests: SinkRequest[] = [];
  return {
    requests,
    async send(request) {
      requests.push(request);
      return answer;
    },
  };
}

async function deliverBy(account: object) {
  const records = recorder({ status: 200, text: '{}', headers: {} });
  const tokens = recorder(TOKEN);
  const vars = createSinkVars({ gcs_bucket_name: 'logs', gcs_path_service_account: JSON.stringify(account) }, {});
  const sink = gcs.create(vars, { send: records.send, sendGuarded: tokens.send, nowMs: () => 0 });
  const error = await sink.deliver(batchOf('b1', [{ id: '1' }])).then(
    () => null,
    (thrown: Error) => thrown.message,
  );
  return { records: records.requests, tokens: tokens.requests, error };
}

describe('a service account of a destination’s own', () => {
  it('asks Google for its token by the guarded way out, wherever its JSON says to go', async () => {
    const { records, tokens, error } = await deliverBy({
      ...ACCOUNT,
      token_uri: 'http://169.254.169.254/token',
      universe_domain: 'inside.example',
    });
    expect(error).toBeNull();
    expect(tokens.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST https://oauth2.googleapis.com/token']);
    const claims = new URLSearchParams(String(tokens[0]?.body)).get('assertion')?.split('.')[1] ?? '';
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: ACCOUNT.client_email });
    expect(records).toHaveLength(1);
    expect(new URL(records[0]?.url ?? '').host).toBe('storage.googleapis.com');
    expect(records[0]?.headers.authorization).toBe('Bearer the-token');
  });

  it.each([
    'external_account',
    'external_account_authorized_user',
    'impersonated_service_account',
    'authorized_user',
    'gdch_service_account',
    undefined,
  ])('is no credential of the type %s, which may read files, run programs or go anywhere', async (type) => {
    const { records, tokens, error } = await deliverBy({
      ...ACCOUNT,
      type,
      token_url: 'http://127.0.0.1/',
      credential_source: { executable: { command: '/bin/true' }, file: '/etc/hostname', url: 'http://127.0.0.1/' },
    });
    expect(error).toContain('has to be the key of a service account');
    expect([...records, ...tokens]).toEqual([]);
  });
});

describe('what Google’s client asks for', () => {
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function listen() {
    const hits: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      hits.push(url);
      response.writeHead(url === '/moved' ? 307 : 200, url === '/moved' ? { location: '/inside' } : {}).end('said');
    }).listen(0, '127.0.0.1');
    closers.push(() => server.close());
    await once(server, 'listening');
    return { hits, port: (server.address() as AddressInfo).port };
  }

  function guardedFetch(allowed: string[]): typeof fetch {
    const outlet = createHttpOutlet({ allowed });
    closers.push(() => outlet.close());
    return fetchThrough(outlet.sendGuarded);
  }

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433'])('is refused at %s', async (host) => {
    const { hits, port } = await listen();
    const asked = guardedFetch([])(`http://${host}:${port}/token`, { method: 'POST', body: 'assertion=x' });
    await expect(asked).rejects.toThrow('no address of the public Internet');
    expect(hits).toEqual([]);
  });

  it('is answered where the operator allows it, and not followed elsewhere', async () => {
    const { hits, port } = await listen();
    const ask = guardedFetch(['localhost']);
    expect(await (await ask(`http://localhost:${port}/token`, { method: 'POST', body: 'a=b' })).text()).toBe('said');
    expect((await ask(`http://localhost:${port}/moved`, { method: 'POST', body: 'a=b' })).status).toBe(307);
    expect(hits).toEqual(['/token', '/moved']);
  });
});
