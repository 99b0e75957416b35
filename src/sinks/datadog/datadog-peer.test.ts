/** The sink beside what Datadog's own client was recorded to send and to read. */
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { payloadOf } from '../__fixtures__/payload.ts';
import { setUpSink } from '../__fixtures__/set-up-sink.ts';
import { RECORDED_ANSWERS, RECORDED_SUBMISSION } from './__fixtures__/recorded-traffic.ts';
import { datadog } from './datadog.ts';

const ENVIRONMENT = { DD_API_KEY: 'k', DD_SITE: 'datadoghq.eu', DD_ENV: 'prod', DD_HOSTNAME: 'h', DD_SERVICE: 's' };

it('submits logs as Datadog’s own client does', async () => {
  const { sink, requests } = setUpSink(datadog, {}, ENVIRONMENT);
  await sink.deliver(batchOf('b1', [payloadOf(), payloadOf({ requestId: 'req_2', teamId: null })]));
  const [{ method, url, headers, body }] = requests as [(typeof requests)[number]];
  const { accept: _wish, ...recorded } = RECORDED_SUBMISSION.headers;
  expect([method, new URL(url).pathname]).toEqual([RECORDED_SUBMISSION.method, RECORDED_SUBMISSION.path]);
  expect(headers).toEqual(recorded);
  const [known] = JSON.parse(RECORDED_SUBMISSION.body) as [Record<string, string>];
  const logs = JSON.parse(gunzipSync(body as Buffer).toString()) as Record<string, string>[];
  expect(logs).toHaveLength(2);
  for (const log of logs) {
    expect(Object.keys(log).sort()).toEqual(Object.keys(known).sort());
    expect(log).toMatchObject({ hostname: known.hostname, service: known.service, status: known.status });
    expect(log.ddtags?.split(',')).toContain(known.ddtags);
    for (const value of Object.values(log)) expect(typeof value).toBe('string');
  }
});

it.each(RECORDED_ANSWERS)(
  'takes $status for what Datadog’s own client takes it for',
  async ({ status, text, taken }) => {
    const { sink, answer } = setUpSink(datadog, {}, ENVIRONMENT);
    Object.assign(answer, { status, text });
    const delivery = sink.deliver(batchOf('b1', [payloadOf()]));
    if (taken) await expect(delivery).resolves.toBeUndefined();
    else await expect(delivery).rejects.toThrow(text);
  },
);
