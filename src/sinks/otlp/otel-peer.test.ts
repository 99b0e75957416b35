/**
 * What goes to a collector, read by the code that OpenTelemetry generates from the protocol's own definitions, and held
 * against what OpenTelemetry's SDK writes of the same call.
 */
import { gunzipSync } from 'node:zlib';
import { JsonMetricsSerializer, JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import generated from '@opentelemetry/otlp-transformer/build/src/generated/root.js';
import { describe, expect, it } from 'vitest';
import { batchOf } from '../__fixtures__/batch.ts';
import { payloadOf } from '../__fixtures__/payload.ts';
import { setUpSink } from '../__fixtures__/set-up-sink.ts';
import { otel } from './otel.ts';

/** A message's type, as it is generated; `fromObject` leaves out what the definitions do not know. */
interface MessageType {
  fromObject(object: object): object;
  verify(message: object): string | null;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: { longs: typeof String; enums: typeof String }): object;
}
type Service = 'ExportTraceServiceRequest' | 'ExportTraceServiceResponse' | 'ExportMetricsServiceRequest';
interface Definitions {
  opentelemetry: { proto: { collector: Record<'trace' | 'metrics', { v1: Record<Service, MessageType> }> } };
}
const { trace, metrics } = (generated as unknown as Definitions).opentelemetry.proto.collector;
const TRACES = trace.v1.ExportTraceServiceRequest;
const METRICS = metrics.v1.ExportMetricsServiceRequest;

/** Ids are hexadecimal in JSON and bytes in protobuf: 16 of a trace, 8 of a span. */
const ID_BYTES: Record<string, number> = { traceId: 16, spanId: 8 };
function toBytes(name: string, value: unknown): unknown {
  const length = ID_BYTES[name];
  if (length === undefined) return value;
  expect(value).toMatch(new RegExp(`^(?!0+$)[0-9a-f]{${length * 2}}$`));
  return Buffer.from(String(value), 'hex');
}
const toHex = (_name: string, value: unknown) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
/** Calls `change` before anything makes text of bytes, which `JSON.stringify` does before it asks its replacer. */
function eachValue(value: unknown, change: (name: string, value: unknown) => unknown, name = ''): unknown {
  const changed = change(name, value);
  if (Array.isArray(changed)) return changed.map((one) => eachValue(one, change));
  if (typeof changed !== 'object' || changed === null || changed instanceof Uint8Array) return changed;
  return Object.fromEntries(Object.entries(changed).map(([key, one]) => [key, eachValue(one, change, key)]));
}

/** As a collector has the message once it has been through protobuf. */
// biome-ignore lint/suspicious/noExplicitAny: looked into member by member
function read(type: MessageType, json: Uint8Array | undefined): any {
  const message = type.fromObject(eachValue(JSON.parse(Buffer.from(json ?? []).toString()), toBytes) as object);
  expect(type.verify(message)).toBeNull();
  const carried = type.decode(type.encode(message).finish());
  return eachValue(type.toObject(carried, { longs: String, enums: String }), toHex);
}

const FAILURE = { message: 'it is down', type: 'upstream_error', httpStatus: 502 };
const ANSWER = JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'hi – ü' } }] });
const CONTENT = { messages: [{ role: 'user', content: 'hello' }], response: ANSWER };
const RECORDS = [
  payloadOf({}, { content: CONTENT, requestMetadata: { trace_id: '0AF7651916CD43DD8448EB211C80319C' } }),
  payloadOf({ requestId: 'req_2', status: 'failure' }, { failure: FAILURE }),
];

async function sent(records = RECORDS): Promise<{ traces: Buffer; metrics: Buffer }> {
  const { sink, requests } = setUpSink(otel, {}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example' });
  await sink.deliver(batchOf('b1', records));
  const [traces, metrics] = requests.map(({ body }) => gunzipSync(body as Buffer));
  return { traces: traces as Buffer, metrics: metrics as Buffer };
}

/** The SDK's two numbers, seconds and nanoseconds. */
const START: [number, number] = [1_700_000_000, 0];
const END: [number, number] = [1_700_000_001, 500_000_000];
const RESOURCE = { attributes: { 'service.name': 'latchkey' } };
const SCOPE = { name: 'latchkey' };

type SdkSpan = Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number];
type SdkMetrics = Parameters<typeof JsonMetricsSerializer.serializeRequest>[0];

const SHARED = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt' };
const ATTRIBUTES = {
  ...SHARED,
  'gen_ai.response.model': 'gpt-4o',
  'gen_ai.response.id': 'chatcmpl-1',
  'gen_ai.usage.input_tokens': 12,
  'gen_ai.usage.output_tokens': 8,
  'gen_ai.usage.cache_read.input_tokens': 0,
  'gen_ai.usage.cache_creation.input_tokens': 0,
  'gen_ai.request.temperature': 0.5,
  'server.address': 'api.openai.com',
  'server.port': 443,
  'latchkey.call_id': 'req_1',
  'latchkey.key_id': 'key_1',
  'latchkey.key_alias': 'alias',
  'latchkey.team_id': 't1',
  'latchkey.team_alias': 'team',
  'latchkey.user_id': 'u1',
  'latchkey.tags': ['a'],
  'latchkey.cost_usd': 0.0015,
  'latchkey.deployment_id': 'dep-1',
  'latchkey.stream': false,
};

describe('the protocol’s own definitions', () => {
  it('know all that is said of calls, and it comes out of protobuf as it went in', async () => {
    const { traces } = await sent();
    const [{ resource, scopeSpans }] = read(TRACES, traces).resourceSpans;
    const [one, two] = scopeSpans[0].spans;
    expect(one).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      kind: 'SPAN_KIND_CLIENT',
      startTimeUnixNano: '1700000000000000000',
      endTimeUnixNano: '1700000001500000000',
      status: { code: 'STATUS_CODE_UNSET' },
    });
    expect(two.status).toEqual({ code: 'STATUS_CODE_ERROR', message: FAILURE.message });
    expect(two.spanId).not.toBe(one.spanId);
    expect(resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'latchkey' } }]);
    // Numbers of enumerations aside, which have names by now: nothing was left out, nothing has another type.
    const numbers: Record<string, number> = { SPAN_KIND_CLIENT: 3, STATUS_CODE_UNSET: 0, STATUS_CODE_ERROR: 2 };
    const asSent = eachValue(read(TRACES, traces), (_name, value) => numbers[String(value)] ?? value);
    expect(asSent).toEqual(JSON.parse(traces.toString()));
  });

  it('know all that is said of a batch, as what this batch has added', async () => {
    const { metrics } = await sent();
    const numbers: Record<string, number> = { AGGREGATION_TEMPORALITY_DELTA: 1 };
    const asSent = eachValue(read(METRICS, metrics), (_name, value) => numbers[String(value)] ?? value);
    expect(asSent).toEqual(JSON.parse(metrics.toString()));
    const [{ scopeMetrics }] = read(METRICS, metrics).resourceMetrics;
    expect(scopeMetrics[0].metrics).toHaveLength(2);
    for (const { histogram } of scopeMetrics[0].metrics) {
      expect(histogram.aggregationTemporality).toBe('AGGREGATION_TEMPORALITY_DELTA');
      for (const { bucketCounts, explicitBounds, count } of histogram.dataPoints) {
        expect(bucketCounts).toHaveLength(explicitBounds.length + 1);
        expect(bucketCounts.map(Number).reduce((sum: number, each: number) => sum + each)).toBe(Number(count));
      }
    }
  });

  it('write the answer by which a part is refused', async () => {
    const { sink, answer } = setUpSink(otel, {}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example' });
    const type = trace.v1.ExportTraceServiceResponse;
    const refusal = type.fromObject({ partialSuccess: { rejectedSpans: 1, errorMessage: 'too old' } });
    answer.text = JSON.stringify(type.toObject(refusal, { longs: String, enums: String }));
    await expect(sink.deliver(batchOf('b1', RECORDS))).rejects.toThrow('1 rejected, too old');
  });
});

describe('OpenTelemetry’s SDK', () => {
  it('writes the same span', async () => {
    const { traces } = await sent([payloadOf()]);
    const ours = read(TRACES, traces);
    const { traceId, spanId } = ours.resourceSpans[0].scopeSpans[0].spans[0];
    const span = {
      name: 'chat gpt-4o',
      // CLIENT, of which the SDK makes the protocol's number.
      kind: 2,
      spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
      startTime: START,
      endTime: END,
      status: { code: 0 },
      attributes: ATTRIBUTES,
      links: [],
      events: [],
      resource: RESOURCE,
      instrumentationScope: SCOPE,
    } as unknown as SdkSpan;
    expect(read(TRACES, JsonTraceSerializer.serializeRequest([span]))).toMatchObject(ours);
  });

  it('writes the same histogram', async () => {
    const ours = read(METRICS, (await sent([payloadOf(), payloadOf({ requestId: 'req_2' })])).metrics);
    const [duration] = ours.resourceMetrics[0].scopeMetrics[0].metrics;
    const boundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
    const counts = [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0];
    const point = { attributes: SHARED, startTime: START, endTime: END };
    const metric = {
      descriptor: { name: 'gen_ai.client.operation.duration', unit: 's', description: '' },
      // DELTA and HISTOGRAM, by the SDK's own numbers.
      aggregationTemporality: 0,
      dataPointType: 0,
      dataPoints: [{ ...point, value: { buckets: { boundaries, counts }, count: 2, sum: 3 } }],
    };
    const all = { resource: RESOURCE, scopeMetrics: [{ scope: SCOPE, metrics: [metric] }] } as unknown as SdkMetrics;
    const theirs = read(METRICS, JsonMetricsSerializer.serializeRequest(all));
    expect(theirs.resourceMetrics[0].scopeMetrics[0].metrics).toMatchObject([duration]);
  });
});
