/** What Langfuse's own SDK sends of the same call, over a real socket, beside what the sink sends. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, setLangfuseTracerProvider, startObservation } from '@langfuse/tracing';
import { type Context, context, ROOT_CONTEXT } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { expect, it } from 'vitest';
import type { LogPayload } from '../../core/log-payload.ts';
import { batchOf } from '../__fixtures__/batch.ts';
import { payloadOf } from '../__fixtures__/payload.ts';
import { setUpSink } from '../__fixtures__/set-up-sink.ts';
import { langfuse } from './langfuse.ts';

interface Sent {
  path: string;
  headers: Record<string, unknown>;
  attributes: Record<string, unknown>;
}

const KEYS = { publicKey: 'pk-1', secretKey: 'sk-1' };
const ANSWER = { choices: [{ message: { role: 'assistant', content: 'hi – ü' } }] };

/** Contexts of what runs within them until it returns: all that recording one call needs. */
function keepContexts(): void {
  let active = ROOT_CONTEXT;
  context.setGlobalContextManager({
    active: () => active,
    with(inner: Context, run, self, ...args) {
      const outer = active;
      active = inner;
      try {
        return run.call(self as ThisParameterType<typeof run>, ...args);
      } finally {
        active = outer;
      }
    },
    bind: (_context, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
}

function readSpan(path: string, headers: Record<string, unknown>, body: Buffer): Sent {
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
  const [span] = JSON.parse(text).resourceSpans[0].scopeSpans[0].spans;
  const pairs = span.attributes.map(({ key, value }: { key: string; value: object }) => [key, Object.values(value)[0]]);
  return { path, headers, attributes: Object.fromEntries(pairs) };
}

/** Calls `record` with the SDK set up, and returns the request that comes of it. */
async function sentBySdk(record: () => void): Promise<Sent> {
  const requests: { path: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    requests.push({ path: String(request.url), headers: request.headers, body: Buffer.concat(parts) });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const spanProcessors = [new LangfuseSpanProcessor({ ...KEYS, baseUrl, exportMode: 'immediate' })];
  const provider = new BasicTracerProvider({ spanProcessors });
  setLangfuseTracerProvider(provider);
  keepContexts();
  try {
    record();
    await provider.forceFlush();
    await provider.shutdown();
  } finally {
    setLangfuseTracerProvider(null);
    context.disable();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
  const [first] = requests;
  if (first === undefined) throw new Error('the SDK has sent nothing');
  return readSpan(first.path, first.headers, first.body);
}

async function sentBySink(record: LogPayload): Promise<Sent> {
  const own = {
    langfuse_public_key: KEYS.publicKey,
    langfuse_secret_key: KEYS.secretKey,
    langfuse_host: 'https://langfuse.example',
  };
  const { sink, requests } = setUpSink(langfuse, own);
  await sink.deliver(batchOf('b1', [record]));
  const [{ url, headers, body }] = requests as [(typeof requests)[number]];
  return readSpan(new URL(url).pathname, headers, body as Buffer);
}

it('a call is told as Langfuse’s own SDK tells it', async () => {
  const requestMetadata = { trace_name: 'my trace', trace_user_id: 'person', session_id: 's1' };
  const messages = [{ role: 'user', content: 'hello' }];
  const failure = { message: 'it is down', type: 'upstream_error', httpStatus: 502 };
  const content = { messages, response: JSON.stringify(ANSWER) };
  const record = payloadOf({ status: 'failure', cacheReadTokens: 2 }, { requestMetadata, content, failure });
  const ours = await sentBySink(record);
  const theirs = await sentBySdk(() => {
    const trace = { traceName: 'my trace', userId: 'person', sessionId: 's1', tags: record.request_tags };
    const generation = {
      model: 'gpt-4o',
      modelParameters: record.model_parameters as Record<string, string | number>,
      input: messages,
      output: ANSWER,
      usageDetails: { input: 10, output: 8, total: 20, cache_read_input_tokens: 2, cache_creation_input_tokens: 0 },
      costDetails: { total: 0.0015 },
      completionStartTime: new Date(record.completionStartTime * 1_000),
      level: 'ERROR' as const,
      statusMessage: failure.message,
      metadata: { key_alias: 'alias', team_alias: 'team' },
    };
    propagateAttributes(trace, () => {
      startObservation('chat gpt-4o', generation, { asType: 'generation' }).end();
    });
  });
  const { 'langfuse.internal.is_app_root': _theirsAlone, ...told } = theirs.attributes;
  expect(ours.path).toBe(theirs.path);
  expect(ours.headers.authorization).toBe(theirs.headers.authorization);
  expect(ours.headers['content-type']).toBe(theirs.headers['content-type']);
  expect(ours.attributes).toMatchObject(told);
  // Nothing in Langfuse's own names that its SDK would not say.
  const own = Object.keys(ours.attributes).filter((name) => name.startsWith('langfuse.'));
  expect(own.filter((name) => !(name in told))).toEqual([]);
});
