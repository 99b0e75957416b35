import { createHash, createHmac } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { setUpSink } from '../__fixtures__/set-up-sink.ts';
import type { SinkRequest } from '../send-http.ts';
import { s3 } from './s3.ts';

const ENVIRONMENT = {
  S3_BUCKET_NAME: 'calls',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'the-secret',
};

/** What a store computes to check a request: Signature Version 4, from the request alone. */
function signatureOf({ url, method, headers }: SinkRequest, secret: string): string {
  const { host, pathname } = new URL(url);
  const authorization = headers.authorization ?? '';
  const scope = /Credential=[^/]+\/([^,]+)/.exec(authorization)?.[1] ?? '';
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? '';
  const canonical = [
    method,
    pathname,
    '',
    ...names.split(';').map((name) => `${name}:${name === 'host' ? host : headers[name]}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((signing, part) => createHmac('sha256', signing).update(part).digest(), `AWS4${secret}`);
  return createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash].join('\n'))
    .digest('hex');
}

describe('a bucket', () => {
  it('gets an object per batch, under the same name and with the same bytes on a repeat', async () => {
    const { sink, requests } = setUpSink(s3, {}, ENVIRONMENT);
    const batch = batchOf('b1', [{ id: '1' }, { id: '2' }]);
    await sink.deliver(batch);
    await sink.deliver(batch);
    expect(requests[0]).toMatchObject({
      method: 'PUT',
      url: 'https://calls.s3.eu-central-1.amazonaws.com/2023-11-14/batch-20231114T221320Z-b1.ndjson',
      body: batch.ndjson,
    });
    expect(requests[1]?.url).toBe(requests[0]?.url);
  });

  it('can check the signature', async () => {
    const { sink, requests } = setUpSink(s3, {}, { ...ENVIRONMENT, AWS_SESSION_TOKEN: 'a-session' });
    await sink.deliver(batchOf('b1', [{ id: '1' }]));
    const [request] = requests as [SinkRequest];
    const signature = /Signature=([0-9a-f]+)/.exec(request.headers.authorization ?? '')?.[1];
    expect(signature).toBe(signatureOf(request, ENVIRONMENT.AWS_SECRET_ACCESS_KEY));
    expect(signature).not.toBe(signatureOf(request, 'another secret'));
    expect(request.headers['x-amz-security-token']).toBe('a-session');
  });

  it('may be in another store, in a folder, and compressed', async () => {
    const own = {
      s3_bucket_name: 'mine',
      s3_endpoint_url: 'http://minio.example:9000/',
      s3_path: '/a b/c/',
      s3_aws_access_key_id: 'k',
      s3_aws_secret_access_key: 's',
      s3_gzip: 'true',
    };
    const { sink, requests } = setUpSink(s3, own, ENVIRONMENT);
    const batch = batchOf('b1', [{ id: '1' }]);
    await sink.deliver(batch);
    expect(requests[0]?.url).toBe(
      'http://minio.example:9000/mine/a%20b/c/2023-11-14/batch-20231114T221320Z-b1.ndjson.gz',
    );
    expect(gunzipSync(requests[0]?.body as Buffer)).toEqual(batch.ndjson);
  });

  it.each([
    [{ s3_bucket_name: 'mine' }, 's3_aws_access_key_id is missing'],
    [{ s3_endpoint_url: 'https://x.example' }, 's3_bucket_name is missing'],
    [{ s3_bucket_name: 'No_Bucket' }, 's3_bucket_name names no bucket'],
  ])('of a key’s own is never written with the operator’s credentials: %j', (own, message) => {
    expect(() => setUpSink(s3, own as Record<string, string>, ENVIRONMENT)).toThrow(message);
  });

  it('says which variable is missing', () => {
    expect(() => setUpSink(s3, {}, {})).toThrow('S3_BUCKET_NAME is not set in the environment');
  });
});
