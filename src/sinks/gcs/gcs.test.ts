import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { payloadOf as record } from '../__fixtures__/payload.ts';
import type { SinkRequest } from '../send-http.ts';
import { createSinkVars } from '../sink-vars.ts';
import { gcs } from './gcs.ts';

const EMULATOR = { GCS_BUCKET_NAME: 'logs', STORAGE_EMULATOR_HOST: 'localhost:4443' };

function setUp(environment: Record<string, string>, own: Record<string, string> = {}) {
  const requests: SinkRequest[] = [];
  const send = async (request: SinkRequest) => {
    requests.push(request);
    return { status: 200, text: '{}', headers: {} };
  };
  const sink = gcs.create(createSinkVars(own, environment), { send, sendGuarded: send, nowMs: () => 0 });
  const names = () => requests.map(({ url }) => new URL(url).searchParams.get('name'));
  return { sink, requests, names };
}

describe('the bucket', () => {
  it('gets one object per batch, below its folder, from an emulator’s client without credentials', async () => {
    const { sink, requests } = setUp({ ...EMULATOR, GCS_BUCKET_NAME: 'logs/prod/llm' });
    const batch = batchOf('b1', [{ id: '1' }, { id: '2' }]);
    await sink.deliver(batch);
    expect(requests).toHaveLength(1);
    const url = new URL(requests[0]?.url ?? '');
    expect(`${url.origin}${url.pathname}`).toBe('http://localhost:4443/upload/storage/v1/b/logs/o');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      uploadType: 'media',
      name: 'prod/llm/2023-11-14/batch-20231114T221320Z-b1.ndjson',
    });
    expect(requests[0]?.headers).toEqual({ 'content-type': 'application/x-ndjson' });
    expect(requests[0]?.body).toEqual(batch.ndjson);
  });

  it('gets compressed objects where that is switched on, the same on every repeat', async () => {
    const { sink, requests } = setUp({ ...EMULATOR, GCS_GZIP: 'true' });
    const batch = batchOf('b1', [{ id: '1' }]);
    await sink.deliver(batch);
    await sink.deliver(batch);
    expect(new URL(requests[0]?.url ?? '').searchParams.get('contentEncoding')).toBe('gzip');
    expect(gunzipSync(requests[0]?.body as Buffer)).toEqual(batch.ndjson);
    expect(requests[1]).toEqual(requests[0]);
  });

  it('gets one object per call where batches are switched off, named by answer, request or failure', async () => {
    const { sink, requests, names } = setUp({ ...EMULATOR, GCS_USE_BATCHED_LOGGING: 'false' });
    const failure = { message: 'm', type: 't', httpStatus: 500 };
    await sink.deliver(
      batchOf('b1', [
        record({ responseId: 'chatcmpl-9' }),
        record({ responseId: 'x' }, { requestMetadata: { gcs_log_id: 'my/own' } }),
        record({ responseId: null, status: 'failure' }, { failure }),
      ]),
    );
    expect(names().slice(0, 2)).toEqual(['2023-11-14/chatcmpl-9', '2023-11-14/my/own']);
    expect(names()[2]).toMatch(/^2023-11-14\/failure-[0-9a-f]{32}$/);
    expect(JSON.parse(String(requests[0]?.body))).toMatchObject({ id: 'chatcmpl-9' });
  });

  it.each([
    [{}, {}, 'GCS_BUCKET_NAME is not set in the environment'],
    [{ GCS_BUCKET_NAME: 'No Bucket' }, {}, 'gcs_bucket_name has to be the name of a bucket'],
    [{ ...EMULATOR, GCS_GZIP: 'maybe' }, {}, 'GCS_GZIP has to be true or false'],
  ])('says what is wrong with %j', (environment, own, message) => {
    expect(() => setUp(environment as Record<string, string>, own)).toThrow(message);
  });

  it.each([
    ['/etc/passwd', 'neither JSON nor the path'],
    ['/nowhere', 'cannot be read (ENOENT)'],
    ['{"type":"external_account","credential_source":{"executable":{"command":"x"}}}', 'key of a service account'],
    ['{"type":"service_account","client_email":"a@b","private_key":"canary-key"}', 'Google gives no access token'],
  ])('takes no other credential of a key than that of a service account: %s', async (account, message) => {
    const { sink, requests } = setUp({ GCS_BUCKET_NAME: 'logs' }, { gcs_path_service_account: account });
    const error = await sink.deliver(batchOf('b1', [{ id: '1' }])).catch((thrown: Error) => thrown);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('canary-key');
    expect(requests).toEqual([]);
  });

  it('says of a useless account that there is no bucket for all either, where there is none', async () => {
    const own = { gcs_bucket_name: 'mine', gcs_path_service_account: '/nowhere' };
    const said = async (environment: Record<string, string>) => {
      const { sink } = setUp(environment, own);
      return sink.deliver(batchOf('b1', [{ id: '1' }])).catch((thrown: Error) => thrown.message);
    };
    expect(await said({})).toMatch(/cannot be read \(ENOENT\); .*GCS_BUCKET_NAME is not set in the environment/);
    expect(await said({ GCS_BUCKET_NAME: 'logs' })).not.toContain('GCS_BUCKET_NAME');
  });
});
