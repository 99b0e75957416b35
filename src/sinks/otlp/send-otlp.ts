import { gzipSync } from 'node:zlib';
import { hideEchoes } from '../../core/hide-echoes.ts';
import { assertTaken, type SendHttp } from '../send-http.ts';
import { SinkError } from '../sink.ts';
import type { HistogramMetric } from './call-metrics.ts';
import type { Span } from './call-span.ts';
import { SCOPE, toResource } from './otlp-json.ts';

/** Where OTLP goes: the whole address of one signal, and what is sent along. */
export interface OtlpTarget {
  url: string;
  headers: Readonly<Record<string, string>>;
  serviceName: string;
}

/** @throws SinkError as `assertTaken`, and `never` where the other side has taken only a part */
export function sendSpans(send: SendHttp, target: OtlpTarget, spans: readonly Span[]): Promise<void> {
  return post(send, target, {
    resourceSpans: [{ resource: toResource(target.serviceName), scopeSpans: [{ scope: SCOPE, spans }] }],
  });
}

/** @throws SinkError as `sendSpans` */
export function sendMetrics(send: SendHttp, target: OtlpTarget, metrics: readonly HistogramMetric[]): Promise<void> {
  return post(send, target, {
    resourceMetrics: [{ resource: toResource(target.serviceName), scopeMetrics: [{ scope: SCOPE, metrics }] }],
  });
}

async function post(send: SendHttp, { url, headers }: OtlpTarget, message: object): Promise<void> {
  const answer = await send({
    url,
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(JSON.stringify(message)),
  });
  assertTaken(answer, url);
  const refused = refusedIn(answer.text);
  if (refused === null) return;
  throw new SinkError('never', `a part was not taken: ${hideEchoes(refused, { url, headers }).slice(0, 300)}`);
}

/** The protocol says in a success what of it was none. */
function refusedIn(text: string): string | null {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: Record<string, unknown> };
    const rejected = Number(partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedDataPoints ?? 0);
    return rejected > 0 ? `${rejected} rejected, ${String(partialSuccess?.errorMessage ?? '')}` : null;
  } catch {
    // Many answer with nothing, or with protobuf's empty message.
    return null;
  }
}
