/**
 * Against a store that is not ours, which speaks S3's protocol and knows its accounts and buckets. It does not compute
 * signatures of Version 4; AWS's own signer does.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { createHttpOutlet, type HttpOutlet, type SinkRequest } from '../send-http.ts';
import { createSinkVars } from '../sink-vars.ts';
import { s3 } from './s3.ts';

interface Store {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}
type StoreClass = new (options: Record<string, unknown>) => Store;
const require = createRequire(import.meta.url);
const S3rver = require('s3rver') as StoreClass;
/** The only account of the store. */
const ACCOUNT = 'S3RVER';

/** What the signer wants of a hash: with a secret it is keyed. */
class Sha256 {
  private readonly hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array);
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(data as string | Uint8Array);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {}
}

const signatureIn = (headers: Readonly<Record<string, string>>) =>
  /Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '')?.[1] ?? 'none';

/** What AWS's signer makes of the headers that were signed. */
async function signatureByAws({ url, method, headers }: SinkRequest, secretAccessKey: string): Promise<string> {
  const { host, hostname, pathname, protocol } = new URL(url);
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const signed = Object.fromEntries(names.map((name) => [name, name === 'host' ? host : (headers[name] ?? '')]));
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    uriEscapePath: false,
    sha256: Sha256,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey },
  });
  const time = (headers['x-amz-date'] ?? '').replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
  const request = { method, protocol, hostname, path: pathname, query: {}, headers: signed };
  const { headers: answer } = await signer.sign(request, { signingDate: new Date(time) });
  return signatureIn(answer);
}

describe('a store of S3’s protocol', () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-s3-'));
  const store = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: 'calls' }],
  });
  const reader = new AwsClient({ accessKeyId: ACCOUNT, secretAccessKey: ACCOUNT, service: 's3', region: 'us-east-1' });
  let outlet: HttpOutlet;
  let address: string;

  beforeAll(async () => {
    address = `http://127.0.0.1:${(await store.run()).port}`;
    outlet = createHttpOutlet({ allowed: [] });
  });
  afterAll(async () => {
    await outlet.close();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function deliver(own: Record<string, string>, change: (request: SinkRequest) => SinkRequest = (same) => same) {
    const vars = {
      s3_bucket_name: 'calls',
      s3_region_name: 'us-east-1',
      s3_endpoint_url: address,
      s3_aws_access_key_id: ACCOUNT,
      s3_aws_secret_access_key: ACCOUNT,
      ...own,
    };
    const send = (request: SinkRequest) => outlet.send(change(request));
    const sink = s3.create(createSinkVars(vars, {}), { send, sendGuarded: send, nowMs: () => 0 });
    return sink.deliver(batchOf('b1', [{ id: '1' }, { id: 'zwei – 二' }]));
  }
  const read = async (path: string) =>
    reader.fetch(`${address}/calls/${path}`, { headers: { 'accept-encoding': 'identity' } });
  const namesBelow = async (folder: string) =>
    [...(await (await read(`?list-type=2&prefix=${folder}/`)).text()).matchAll(/<Key>([^<]+)/g)].map(
      ([, name]) => name,
    );

  it.each(['false', 'true'])('holds one object per batch, a repeat included (compressed: %s)', async (gzip) => {
    const folder = `team-a/zip-${gzip}`;
    await deliver({ s3_path: folder, s3_gzip: gzip });
    await deliver({ s3_path: folder, s3_gzip: gzip });
    const names = await namesBelow(folder);
    expect(names).toEqual([`${folder}/2023-11-14/batch-20231114T221320Z-b1.ndjson${gzip === 'true' ? '.gz' : ''}`]);
    const answer = await read(names[0] as string);
    const body = Buffer.from(await answer.arrayBuffer());
    const lines = (gzip === 'true' ? gunzipSync(body) : body).toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['1', 'zwei – 二']);
  });

  it('gets the signature to which AWS’s own signer comes, and no other secret comes to it', async () => {
    const sent: SinkRequest[] = [];
    await deliver({ s3_path: 'signed/ä b' }, (request) => {
      sent.push(request);
      return request;
    });
    const [request] = sent as [SinkRequest];
    expect(await signatureByAws(request, ACCOUNT)).toBe(signatureIn(request.headers));
    expect(await signatureByAws(request, 'another')).not.toBe(signatureIn(request.headers));
    expect(await signatureByAws({ ...request, url: `${request.url}x` }, ACCOUNT)).not.toBe(
      signatureIn(request.headers),
    );
  });

  it.each([
    ['an unknown account', { s3_aws_access_key_id: 'NOBODY' }, /403: .*InvalidAccessKeyId/],
    ['a bucket that is not there', { s3_bucket_name: 'nothing' }, /404: .*NoSuchBucket/],
  ])('refuses %s in its own words', async (_what, own, message) => {
    await expect(deliver({ s3_path: 'refused', ...own })).rejects.toThrow(message);
    expect(await namesBelow('refused')).toEqual([]);
  });
});
