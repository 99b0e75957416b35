// What a gateway's sink puts into a bucket, read by Google's own client. The server between the two is ours and knows
// nothing of what is in an object; that the names, the types and the encodings are right is the client's word.

import { type File, Storage } from '@google-cloud/storage';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { batchOf } from '../../src/sinks/__fixtures__/batch.ts';
import { payloadOf } from '../../src/sinks/__fixtures__/payload.ts';
import { gcs } from '../../src/sinks/gcs/gcs.ts';
import { createHttpOutlet, type HttpOutlet } from '../../src/sinks/send-http.ts';
import { createSinkVars } from '../../src/sinks/sink-vars.ts';
import { type FakeGcs, startFakeGcs } from '../support/fake-gcs.ts';

const RECORDS = [payloadOf({ responseId: 'chatcmpl-1' }), payloadOf({ responseId: 'zwei – 二' })];
const BATCH = batchOf('b1', RECORDS);
const BATCH_NAME = 'prod/llm/2023-11-14/batch-20231114T221320Z-b1.ndjson';

let outlet: HttpOutlet;
let server: FakeGcs;
beforeAll(() => {
  outlet = createHttpOutlet({ allowed: [] });
});
afterAll(() => outlet.close());
beforeEach(async () => {
  server = await startFakeGcs();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

function deliver(environment: Record<string, string> = {}, batch = BATCH): Promise<void> {
  const vars = { GCS_BUCKET_NAME: 'logs/prod/llm', STORAGE_EMULATOR_HOST: server.url, ...environment };
  const { send, sendGuarded } = outlet;
  return gcs.create(createSinkVars({}, vars), { send, sendGuarded, nowMs: () => 0 }).deliver(batch);
}

const bucket = () => new Storage({ projectId: 'test', apiEndpoint: server.url }).bucket('logs');
const filesOf = async () => (await bucket().getFiles({ prefix: 'prod/llm/' }))[0];
/** As whoever downloads it has it: unpacked where the bucket says that it is packed. Throws where its hash is another. */
const contentOf = async (file: File) => (await file.download({ validation: 'md5' }))[0].toString('utf8');
const recordsOf = (ndjson: string) =>
  ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('Google’s client', () => {
  it.each(['false', 'true'])('reads one object per batch, a repeat included (compressed: %s)', async (zipped) => {
    await deliver({ GCS_GZIP: zipped });
    await deliver({ GCS_GZIP: zipped });
    const [file, ...more] = await filesOf();
    expect(more).toEqual([]);
    expect(file?.name).toBe(BATCH_NAME);
    expect(recordsOf(await contentOf(file as File))).toEqual(RECORDS);
    const [metadata] = await (file as File).getMetadata();
    expect(metadata.contentType).toBe('application/x-ndjson');
    expect(metadata.contentEncoding).toBe(zipped === 'true' ? 'gzip' : undefined);
    // As it is stored it is smaller, and nothing but gzip.
    const [stored] = await (file as File).download({ validation: 'md5', decompress: false });
    expect(stored.equals(BATCH.ndjson)).toBe(zipped === 'false');
    expect(stored.length).toBe(Number(metadata.size));
  });

  it.each(['false', 'true'])(
    'reads one JSON object per call, under the call’s name (compressed: %s)',
    async (zipped) => {
      const named = payloadOf({}, { requestMetadata: { gcs_log_id: 'my/own näme?#%.json' } });
      const calls = [...RECORDS, named];
      await deliver({ GCS_USE_BATCHED_LOGGING: 'false', GCS_GZIP: zipped }, batchOf('b1', calls));
      const folder = 'prod/llm/2023-11-14';
      const names = [`${folder}/chatcmpl-1`, `${folder}/zwei – 二`, `${folder}/my/own näme?#%.json`];
      expect((await filesOf()).map(({ name }) => name).sort()).toEqual([...names].sort());
      for (const [index, name] of names.entries()) {
        const file = bucket().file(name);
        expect(JSON.parse(await contentOf(file))).toEqual(calls[index]);
        expect((await file.getMetadata())[0].contentType).toBe('application/json');
      }
    },
  );

  it.each([
    ['with a scheme', (url: string) => url],
    ['with a scheme and a slash', (url: string) => `${url}/`],
    // Clients for other languages take this, the one for Node.js only of a server that speaks TLS.
    ['without a scheme', (url: string) => url.replace('http://', '')],
  ])('finds it by STORAGE_EMULATOR_HOST, which the sink takes %s', async (_how, toHost) => {
    await deliver({ STORAGE_EMULATOR_HOST: toHost(server.url) });
    vi.stubEnv('STORAGE_EMULATOR_HOST', server.url);
    const found = new Storage({ projectId: 'test' }).bucket('logs').file(BATCH_NAME);
    expect(recordsOf(await contentOf(found))).toEqual(RECORDS);
  });

  it.each(['false', 'true'])('would have stored the same at the same place (compressed: %s)', async (zipped) => {
    await deliver({ GCS_GZIP: zipped });
    const options = { contentType: 'application/x-ndjson', gzip: zipped === 'true', resumable: false };
    await bucket()
      .file(BATCH_NAME)
      .save(BATCH.ndjson, { ...options, validation: 'md5' });
    const [ours, google, ...more] = server.uploads();
    expect(more).toEqual([]);
    expect(google).toEqual(ours);
  });
});
