import { parseHeaders } from '../parse-headers.ts';
import { SinkSetupError } from '../sink.ts';
import type { SinkKind } from '../sink-kind.ts';
import { httpUrlOf, type SinkVars, secondsOf, wholeNumberOf } from '../sink-vars.ts';
import { toMetrics } from './call-metrics.ts';
import { toSpan } from './call-span.ts';
import { type OtlpTarget, sendMetrics, sendSpans } from './send-otlp.ts';

/**
 * `otel`: a span for every call and metrics of every batch, to a collector that speaks OTLP over HTTP (JSON). Traces go
 * first: where the metrics then fail, the repeat sends the same spans again, under the same ids.
 */
export const otel: SinkKind = {
  type: 'otel',
  varNames: ['otel_endpoint', 'otel_headers', 'turn_off_message_logging'],
  addressNames: ['otel_endpoint'],
  globalOnly: false,
  flushRule: (vars) => ({
    maxRecords: wholeNumberOf(
      'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
      vars.environment('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
      512,
    ),
    maxBytes: 2 * 1024 * 1024,
    intervalMs: secondsOf('OTEL_FLUSH_INTERVAL', vars.environment('OTEL_FLUSH_INTERVAL'), 5_000),
  }),
  create(vars, { send }) {
    const { traces, metrics } = targetsOf(vars);
    return {
      type: otel.type,
      async deliver(batch) {
        const records = batch.records();
        await sendSpans(
          send,
          traces,
          records.map((record) => toSpan(record)),
        );
        if (metrics !== null) await sendMetrics(send, metrics, toMetrics(records));
      },
      close: async () => {},
    };
  },
};

/**
 * The names of OpenTelemetry's specification, then LiteLLM's. An address of the destination's own gets its own headers and
 * none of the environment's; its own headers alone go to the environment's address.
 */
function targetsOf(vars: SinkVars): { traces: OtlpTarget; metrics: OtlpTarget | null } {
  const serviceName = vars.environment('OTEL_SERVICE_NAME') ?? 'latchkey';
  const own = vars.own('otel_endpoint');
  const base = own ?? vars.environment('OTEL_EXPORTER_OTLP_ENDPOINT') ?? vars.environment('OTEL_ENDPOINT');
  const common = vars.environment('OTEL_EXPORTER_OTLP_HEADERS') ?? vars.environment('OTEL_HEADERS');
  const headers = parseHeaders(vars.own('otel_headers') ?? (own === undefined ? common : undefined));
  const target = (url: string): OtlpTarget => ({
    url: httpUrlOf('the address of the collector', url),
    headers,
    serviceName,
  });
  const tracesUrl =
    (own === undefined ? vars.environment('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') : undefined) ??
    (base === undefined ? undefined : withPath(base, '/v1/traces'));
  if (tracesUrl === undefined) {
    throw new SinkSetupError('OTEL_EXPORTER_OTLP_ENDPOINT is not set in the environment');
  }
  const metricsUrl =
    (own === undefined ? vars.environment('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT') : undefined) ??
    (base === undefined ? undefined : withPath(base, '/v1/metrics'));
  const wantsMetrics = vars.environment('OTEL_METRICS_EXPORTER') !== 'none';
  return { traces: target(tracesUrl), metrics: wantsMetrics && metricsUrl !== undefined ? target(metricsUrl) : null };
}

/** An address that already names the signal of traces is the base of both. */
function withPath(base: string, path: string): string {
  return `${base.replace(/\/+$/, '').replace(/\/v1\/traces$/, '')}${path}`;
}
