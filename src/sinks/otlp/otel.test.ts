import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { payloadOf } from '../__fixtures__/payload.ts';
import { setUpSink } from '../__fixtures__/set-up-sink.ts';
import type { SinkRequest } from '../send-http.ts';
import { otel } from './otel.ts';

const ENVIRONMENT = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/',
  OTEL_EXPORTER_OTLP_HEADERS: 'api-key=secret',
};

// biome-ignore lint/suspicious/noExplicitAny: looked into member by member
const bodyOf = (request: SinkRequest | undefined): any => JSON.parse(gunzipSync(request?.body as Buffer).toString());
const valuesOf = (attributes: { key: string; value: Record<string, unknown> }[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

describe('OpenTelemetry', () => {
  it('gets a span for every call, by the conventions for generative AI', async () => {
    const { sink, requests } = setUpSink(otel, {}, ENVIRONMENT);
    const answer = { choices: [{ message: { role: 'assistant', content: 'hi' } }] };
    const content = { messages: [{ role: 'user', content: 'hello' }], response: JSON.stringify(answer) };
    await sink.deliver(batchOf('b1', [payloadOf({}, { content })]));
    expect(requests[0]).toMatchObject({ url: 'https://collector.example/v1/traces', headers: { 'api-key': 'secret' } });
    const { resourceSpans } = bodyOf(requests[0]);
    expect(valuesOf(resourceSpans[0].resource.attributes)).toEqual({ 'service.name': 'latchkey' });
    const [span] = resourceSpans[0].scopeSpans[0].spans;
    expect(span).toMatchObject({
      name: 'chat gpt-4o',
      kind: 3,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      startTimeUnixNano: '1700000000000000000',
      endTimeUnixNano: '1700000001500000000',
      status: { code: 0 },
    });
    const values = valuesOf(span.attributes);
    expect(values).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt',
      'gen_ai.response.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': '12',
      'gen_ai.usage.output_tokens': '8',
      'gen_ai.request.temperature': 0.5,
      'latchkey.key_id': 'key_1',
      'server.address': 'api.openai.com',
      'server.port': '443',
    });
    const parts = (text: string) => [{ type: 'text', content: text }];
    expect(JSON.parse(values['gen_ai.input.messages'] as string)).toEqual([{ role: 'user', parts: parts('hello') }]);
    expect(JSON.parse(values['gen_ai.output.messages'] as string)).toEqual([
      { role: 'assistant', parts: parts('hi'), finish_reason: 'stop' },
    ]);
  });

  it('gets no content that is not for it', async () => {
    const { sink, requests } = setUpSink(otel, {}, ENVIRONMENT);
    await sink.deliver(batchOf('b1', [payloadOf()]));
    const values = valuesOf(bodyOf(requests[0]).resourceSpans[0].scopeSpans[0].spans[0].attributes);
    expect(Object.keys(values)).not.toContain('gen_ai.input.messages');
  });

  it('gets a failure as one', async () => {
    const { sink, requests } = setUpSink(otel, {}, ENVIRONMENT);
    const failure = { message: 'it is down', type: 'upstream_error', httpStatus: 502 };
    await sink.deliver(batchOf('b1', [payloadOf({ status: 'failure' }, { failure })]));
    const [span] = bodyOf(requests[0]).resourceSpans[0].scopeSpans[0].spans;
    expect(span.status).toEqual({ code: 2, message: 'it is down' });
    expect(valuesOf(span.attributes)['error.type']).toBe('upstream_error');
  });

  it('gets the durations and tokens of a batch, and the very same on a repeat', async () => {
    const { sink, requests } = setUpSink(otel, {}, ENVIRONMENT);
    const batch = batchOf('b1', [payloadOf(), payloadOf({ requestId: 'req_2', promptTokens: 5_000 })]);
    await sink.deliver(batch);
    await sink.deliver(batch);
    expect(requests.map(({ url }) => url)).toEqual([
      'https://collector.example/v1/traces',
      'https://collector.example/v1/metrics',
      'https://collector.example/v1/traces',
      'https://collector.example/v1/metrics',
    ]);
    expect(bodyOf(requests[2])).toEqual(bodyOf(requests[0]));
    expect(bodyOf(requests[3])).toEqual(bodyOf(requests[1]));
    const { metrics } = bodyOf(requests[1]).resourceMetrics[0].scopeMetrics[0];
    const [duration, tokens] = metrics;
    expect(duration).toMatchObject({ name: 'gen_ai.client.operation.duration', unit: 's' });
    expect(duration.histogram.dataPoints[0]).toMatchObject({ count: '2', sum: 3 });
    expect(tokens.name).toBe('gen_ai.client.token.usage');
    const input = tokens.histogram.dataPoints.find(
      (point: { attributes: never }) => valuesOf(point.attributes)['gen_ai.token.type'] === 'input',
    );
    expect(input).toMatchObject({ count: '2', sum: 5_012 });
    expect(input.bucketCounts).toHaveLength(input.explicitBounds.length + 1);
    expect(input.bucketCounts.map(Number).reduce((sum: number, count: number) => sum + count)).toBe(2);
  });

  it('is told to be asked no more where it takes a part only', async () => {
    const { sink, answer } = setUpSink(otel, {}, ENVIRONMENT);
    answer.text = '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}';
    await expect(sink.deliver(batchOf('b1', [payloadOf()]))).rejects.toMatchObject({ verdict: 'never' });
  });

  it('keeps the operator’s headers from an address of the key’s own', async () => {
    const { sink, requests } = setUpSink(otel, { otel_endpoint: 'https://mine.example/v1/traces' }, ENVIRONMENT);
    await sink.deliver(batchOf('b1', [payloadOf()]));
    expect(requests.map(({ url }) => url)).toEqual([
      'https://mine.example/v1/traces',
      'https://mine.example/v1/metrics',
    ]);
    expect(requests[0]?.headers['api-key']).toBeUndefined();
  });

  it('sends headers of the key’s own, and none of the operator’s beside them, to the operator’s address', async () => {
    const { sink, requests } = setUpSink(otel, { otel_headers: 'x-project=a' }, ENVIRONMENT);
    await sink.deliver(batchOf('b1', [payloadOf()]));
    expect(requests).toHaveLength(2);
    for (const { headers } of requests) {
      expect(headers).toMatchObject({ 'x-project': 'a' });
      expect(headers['api-key']).toBeUndefined();
    }
  });

  it('says what is missing', () => {
    expect(() => setUpSink(otel, {}, {})).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT is not set in the environment');
  });
});
