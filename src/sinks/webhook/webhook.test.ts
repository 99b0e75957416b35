import { describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import type { SinkAnswer, SinkRequest } from '../send-http.ts';
import { SinkError } from '../sink.ts';
import { createSinkVars } from '../sink-vars.ts';
import { webhook } from './webhook.ts';

const ENVIRONMENT = {
  GENERIC_LOGGER_ENDPOINT: 'https://logs.example/in',
  GENERIC_LOGGER_HEADERS: 'Authorization=Bearer x,a=b',
};

function setUp(own: Record<string, string> = {}, environment: Record<string, string> = ENVIRONMENT) {
  const requests: SinkRequest[] = [];
  const answer: SinkAnswer = { status: 200, text: '', headers: {} };
  const send = async (request: SinkRequest) => {
    requests.push(request);
    return answer;
  };
  const sink = webhook.create(createSinkVars(own, environment), { send, sendGuarded: send, nowMs: () => 0 });
  return { sink, requests, answer };
}

describe('the webhook', () => {
  it('posts a list of records with the headers of the environment and the batch as idempotency key', async () => {
    const { sink, requests } = setUp();
    await sink.deliver(batchOf('b1', [{ id: '1' }, { id: '2' }]));
    expect(requests[0]).toMatchObject({ url: ENVIRONMENT.GENERIC_LOGGER_ENDPOINT, method: 'POST' });
    expect(requests[0]?.headers).toEqual({
      'content-type': 'application/json',
      authorization: 'Bearer x',
      a: 'b',
      'idempotency-key': 'b1',
    });
    expect(JSON.parse(String(requests[0]?.body))).toEqual([{ id: '1' }, { id: '2' }]);
  });

  it('posts lines where that is asked for', async () => {
    const { sink, requests } = setUp({ log_format: 'ndjson' });
    const batch = batchOf('b1', [{ id: '1' }]);
    await sink.deliver(batch);
    expect(requests[0]?.body).toEqual(batch.ndjson);
  });

  it('sends credentials of the environment nowhere but to the address of the environment', async () => {
    const { sink, requests } = setUp({ endpoint: 'https://mine.example/' });
    await sink.deliver(batchOf('b1', [{ id: '1' }]));
    expect(requests[0]?.url).toBe('https://mine.example/');
    expect(requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each([
    [400, 'never'],
    [413, 'never'],
    [401, 'later'],
    [404, 'later'],
    [429, 'later'],
    [500, 'later'],
  ])('on %i tries again: %s', async (status, verdict) => {
    const { sink, answer } = setUp();
    Object.assign(answer, { status, text: 'said this', headers: { 'retry-after': '3' } });
    const error = await sink.deliver(batchOf('b1', [{ id: '1' }])).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SinkError);
    expect(error).toMatchObject({
      verdict,
      retryAfterMs: 3_000,
      message: `logs.example answered ${status}: said this`,
    });
  });

  it.each([
    [{}, {}, 'GENERIC_LOGGER_ENDPOINT is not set'],
    [{ endpoint: 'ftp://x' }, {}, 'endpoint has to be'],
    [{ endpoint: 'https://x', headers: 'secret' }, {}, 'headers have to be'],
    [{ endpoint: 'os.environ/NONE' }, {}, 'endpoint refers to NONE'],
  ])('says what is wrong with %j', (own, environment, message) => {
    expect(() => setUp(own as Record<string, string>, environment)).toThrow(message);
  });
});
