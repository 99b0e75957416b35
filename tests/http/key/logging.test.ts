// Where the calls of a key are logged: the key's own destinations, its team's, the configuration's, or nowhere.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FakeGcs, startFakeGcs } from '../../support/fake-gcs.ts';
import { type GatewayProcess, startGateway } from '../../support/gateway-process.ts';

let gcs: FakeGcs;
let gateway: GatewayProcess;
/** Refuses everything, and repeats what it was asked, as many do. */
const strict = createServer(async (request, response) => {
  const asked = await text(request);
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message: `cannot read ${asked}`, type: 'invalid_request_error' } }));
});

beforeAll(async () => {
  await once(strict.listen(0, '127.0.0.1'), 'listening');
  const { port } = strict.address() as AddressInfo;
  gcs = await startFakeGcs();
  gateway = await startGateway({
    config: {
      model_list: [
        { model_name: 'mocked', litellm_params: { model: 'openai/mocked', mock_response: 'the answer' } },
        {
          model_name: 'strict',
          litellm_params: { model: 'openai/x', api_base: `http://127.0.0.1:${port}/v1`, api_key: 'x' },
        },
        {
          model_name: 'broken',
          litellm_params: { model: 'openai/x', api_base: 'http://127.0.0.1:9/v1', api_key: 'x' },
        },
      ],
      litellm_settings: { success_callback: ['gcs_bucket'], num_retries: 0 },
    },
    env: { GCS_BUCKET_NAME: 'everybody', STORAGE_EMULATOR_HOST: gcs.url, GCS_FLUSH_INTERVAL: '0.05' },
  });
});
afterAll(async () => {
  await gateway.stop();
  await gcs.close();
  strict.closeAllConnections();
  strict.close();
});

const to = (bucket: string, more: Record<string, string> = {}, type = 'success_and_failure') => ({
  callback_name: 'gcs_bucket',
  callback_type: type,
  callback_vars: { gcs_bucket_name: bucket, ...more },
});

async function call(key: string, marker: string, body: Record<string, unknown> = {}): Promise<number> {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'mocked',
      messages: [{ role: 'user', content: 'the question' }],
      user: marker,
      ...body,
    }),
  });
  await answer.text();
  return answer.status;
}

/** Buckets with a record of the call, once all that was to be sent has been. */
async function bucketsOf(marker: string, count: number): Promise<string[]> {
  const buckets = () =>
    [...new Set(gcs.uploads().map(({ bucket }) => bucket))].filter((bucket) =>
      gcs.records(bucket).some(({ end_user }) => end_user === marker),
    );
  await expect.poll(() => buckets().length, { timeout: 10_000 }).toBe(count);
  return buckets().sort();
}

test('a key comes before its team, a team before the configuration', async () => {
  const team = (await gateway.admin('/team/new', {})).body.team_id as string;
  const answer = await gateway.admin(`/team/${team}/callback`, to('team-bucket'));
  expect(answer.status).toBe(200);
  const plain = await gateway.newKey();
  const inTeam = await gateway.newKey({ team_id: team });
  const own = await gateway.newKey({ team_id: team, metadata: { logging: [to('key-bucket')] } });
  await Promise.all([call(plain, 'm-plain'), call(inTeam, 'm-team'), call(own, 'm-own')]);
  expect(await bucketsOf('m-plain', 1)).toEqual(['everybody']);
  expect(await bucketsOf('m-team', 1)).toEqual(['team-bucket']);
  expect(await bucketsOf('m-own', 1)).toEqual(['key-bucket']);
});

test('two destinations of one type are two, and an empty list is none', async () => {
  const both = await gateway.newKey({ metadata: { logging: [to('bucket-a'), to('bucket-b')] } });
  const off = await gateway.newKey({ metadata: { logging: [] } });
  expect(await call(off, 'm-off')).toBe(200);
  expect(await call(both, 'm-both')).toBe(200);
  expect(await bucketsOf('m-both', 2)).toEqual(['bucket-a', 'bucket-b']);
  expect(await bucketsOf('m-off', 0)).toEqual([]);
});

test('a change of the key holds from the next call on', async () => {
  const key = await gateway.newKey({ metadata: { logging: [to('before')] } });
  await call(key, 'm-before');
  await gateway.admin('/key/update', { key, metadata: { logging: [to('after')] } });
  await call(key, 'm-after');
  expect(await bucketsOf('m-before', 1)).toEqual(['before']);
  expect(await bucketsOf('m-after', 1)).toEqual(['after']);
});

test('each outcome goes only where it is wanted', async () => {
  const key = await gateway.newKey({
    metadata: { logging: [to('good', {}, 'success'), to('bad', {}, 'failure'), to('all')] },
  });
  expect(await call(key, 'm-good')).toBe(200);
  expect(await call(key, 'm-bad', { model: 'broken' })).toBeGreaterThanOrEqual(500);
  expect(await bucketsOf('m-good', 2)).toEqual(['all', 'good']);
  expect(await bucketsOf('m-bad', 2)).toEqual(['all', 'bad']);
  const failed = gcs.records('bad').find(({ end_user }) => end_user === 'm-bad');
  expect(failed).toMatchObject({ status: 'failure', error_information: { error_code: expect.stringMatching(/^5/) } });
});

test('prompts and answers are sent only where that is switched on', async () => {
  const key = await gateway.newKey({
    metadata: { logging: [to('without'), to('with', { turn_off_message_logging: 'false' })] },
  });
  await call(key, 'm-content', { metadata: { gcs_log_id: 'mine' } });
  await call(key, 'm-stream', { stream: true });
  await bucketsOf('m-content', 2);
  await bucketsOf('m-stream', 2);
  expect(JSON.stringify(gcs.records('without'))).not.toMatch(/the question|the answer/);
  for (const record of gcs.records('with')) {
    expect(record).toMatchObject({
      messages: [{ role: 'user', content: 'the question' }],
      response: { choices: [{ message: { role: 'assistant', content: 'the answer' } }] },
    });
  }
});

test('nor is a prompt sent that an upstream repeats when it refuses a call', async () => {
  const key = await gateway.newKey({
    metadata: { logging: [to('strict-without'), to('strict-with', { turn_off_message_logging: 'false' })] },
  });
  expect(await call(key, 'm-strict', { model: 'strict' })).toBe(400);
  await bucketsOf('m-strict', 2);
  const [without, ...none] = gcs.records('strict-without');
  expect(none).toEqual([]);
  expect(without).toMatchObject({ error_str: expect.stringMatching(/answered 400: redacted-by-litellm$/) });
  expect(JSON.stringify(without)).not.toContain('the question');
  expect(gcs.records('strict-with')).toMatchObject([{ error_str: expect.stringContaining('the question') }]);
});
