import { gunzipSync } from 'node:zlib';
import { LangfuseOtelSpanAttributes } from '@langfuse/core';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { payloadOf } from '../__fixtures__/payload.ts';
import { setUpSink } from '../__fixtures__/set-up-sink.ts';
import { langfuse } from './langfuse.ts';

const ENVIRONMENT = {
  LANGFUSE_PUBLIC_KEY: 'pk-operator',
  LANGFUSE_SECRET_KEY: 'sk-operator',
  LANGFUSE_HOST: 'https://langfuse.example/',
};
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe('Langfuse', () => {
  it('gets every call as a generation with its usage and cost', async () => {
    const { sink, requests } = setUpSink(langfuse, {}, ENVIRONMENT);
    const requestMetadata = { trace_id: 'my-trace', session_id: 's1', trace_user_id: 'person' };
    const content = { messages: [{ role: 'user', content: 'hello' }], response: null };
    await sink.deliver(batchOf('b1', [payloadOf({ cacheReadTokens: 2 }, { requestMetadata, content })]));
    expect(requests[0]).toMatchObject({
      url: 'https://langfuse.example/api/public/otel/v1/traces',
      headers: { authorization: basic('pk-operator:sk-operator'), 'x-langfuse-ingestion-version': '4' },
    });
    const { resourceSpans } = JSON.parse(gunzipSync(requests[0]?.body as Buffer).toString());
    const [span] = resourceSpans[0].scopeSpans[0].spans;
    const values = Object.fromEntries(
      span.attributes.map(({ key, value }: { key: string; value: object }) => [key, Object.values(value)[0]]),
    );
    expect(values).toMatchObject({
      'langfuse.observation.type': 'generation',
      'langfuse.observation.model.name': 'gpt-4o',
      'user.id': 'person',
      'session.id': 's1',
      'langfuse.observation.level': 'DEFAULT',
      'gen_ai.usage.cost': 0.0015,
    });
    expect(JSON.parse(values['langfuse.observation.usage_details'])).toMatchObject({ input: 10, output: 8, total: 20 });
    expect(JSON.parse(values['langfuse.observation.cost_details'])).toEqual({ total: 0.0015 });
    expect(JSON.parse(values['langfuse.observation.input'])).toEqual(content.messages);
  });

  it('uses the names that Langfuse’s own SDK has for attributes', async () => {
    const { sink, requests } = setUpSink(langfuse, {}, ENVIRONMENT);
    const requestMetadata = { trace_id: 't', trace_name: 'n', session_id: 's', trace_user_id: 'u' };
    const content = { messages: [{ role: 'user', content: 'hello' }], response: '{}' };
    await sink.deliver(batchOf('b1', [payloadOf({}, { requestMetadata, content })]));
    const { resourceSpans } = JSON.parse(gunzipSync(requests[0]?.body as Buffer).toString());
    const names: string[] = resourceSpans[0].scopeSpans[0].spans[0].attributes.map(({ key }: { key: string }) => key);
    const known: string[] = Object.values(LangfuseOtelSpanAttributes);
    const own = names.filter((name) => name.startsWith('langfuse.'));
    // Metadata are told one by one.
    const foreign = own.filter((name) => !known.some((one) => name === one || name.startsWith(`${one}.`)));
    expect(foreign).toEqual([]);
    expect(own).toEqual(
      expect.arrayContaining([
        LangfuseOtelSpanAttributes.OBSERVATION_TYPE,
        LangfuseOtelSpanAttributes.OBSERVATION_USAGE_DETAILS,
        LangfuseOtelSpanAttributes.OBSERVATION_COST_DETAILS,
        LangfuseOtelSpanAttributes.TRACE_NAME,
      ]),
    );
  });

  it('tells two projects of two keys apart', async () => {
    const one = setUpSink(langfuse, { langfuse_public_key: 'pk-1', langfuse_secret: 'sk-1' }, ENVIRONMENT);
    const two = setUpSink(langfuse, { langfuse_public_key: 'pk-2', langfuse_secret_key: 'sk-2' }, ENVIRONMENT);
    for (const { sink } of [one, two]) await sink.deliver(batchOf('b1', [payloadOf()]));
    expect(one.requests[0]?.headers.authorization).toBe(basic('pk-1:sk-1'));
    expect(two.requests[0]?.headers.authorization).toBe(basic('pk-2:sk-2'));
  });

  it.each([
    [{ langfuse_host: 'https://mine.example' }, 'langfuse_public_key is missing'],
    [{ langfuse_public_key: 'pk-1' }, 'langfuse_secret_key is missing'],
  ])('never sends the operator’s keys to a host of the key’s own: %j', (own, message) => {
    expect(() => setUpSink(langfuse, own as Record<string, string>, ENVIRONMENT)).toThrow(message);
  });

  it('says what is missing', () => {
    expect(() => setUpSink(langfuse, {}, {})).toThrow('LANGFUSE_PUBLIC_KEY is not set in the environment');
  });
});
