import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { payloadOf } from '../__fixtures__/payload.ts';
import { setUpSink } from '../__fixtures__/set-up-sink.ts';
import { createSinkVars } from '../sink-vars.ts';
import { datadog } from './datadog.ts';

const ENVIRONMENT = { DD_API_KEY: 'dd-operator', DD_SITE: 'datadoghq.eu', DD_ENV: 'prod', DD_HOSTNAME: 'gw-1' };

describe('Datadog', () => {
  it('gets every call as a log whose message is the record', async () => {
    const { sink, requests } = setUpSink(datadog, {}, ENVIRONMENT);
    const failure = { message: 'it is down', type: 'upstream_error', httpStatus: 502 };
    const records = [payloadOf(), payloadOf({ status: 'failure' }, { failure })];
    await sink.deliver(batchOf('b1', records));
    expect(requests[0]).toMatchObject({
      url: 'https://http-intake.logs.datadoghq.eu/api/v2/logs',
      headers: { 'dd-api-key': 'dd-operator', 'content-encoding': 'gzip' },
    });
    const logs = JSON.parse(gunzipSync(requests[0]?.body as Buffer).toString());
    expect(logs.map(({ status }: { status: string }) => status)).toEqual(['info', 'error']);
    expect(logs[0]).toMatchObject({
      ddsource: 'latchkey',
      service: 'latchkey',
      hostname: 'gw-1',
      ddtags: 'env:prod,service:latchkey,team:team',
    });
    expect(JSON.parse(logs[0].message)).toEqual(records[0]);
  });

  it('never gets more at once than it takes', () => {
    const vars = createSinkVars({}, { DD_BATCH_SIZE: '100000' });
    expect(datadog.flushRule(vars).maxRecords).toBe(1_000);
  });

  it('keeps the operator’s key from a site of the key’s own', () => {
    expect(() => setUpSink(datadog, { dd_site: 'us5.datadoghq.com' }, ENVIRONMENT)).toThrow('dd_api_key is missing');
    expect(() => setUpSink(datadog, { dd_site: 'evil.example/x#', dd_api_key: 'k' }, ENVIRONMENT)).toThrow(
      'has to be a host',
    );
  });

  it('says what is missing', () => {
    expect(() => setUpSink(datadog, {}, {})).toThrow('DD_API_KEY is not set in the environment');
  });
});
