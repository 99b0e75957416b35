import { ALERT_CHANNELS } from '../core/alert-routing.ts';
import { globalDestinations } from '../core/log-destination.ts';
import type { HealthServicesRouteDeps } from '../http/routes/health-services.ts';
import { findSinkKind, SINK_TYPES } from '../sinks/sink-kinds.ts';
import type { Sinks } from '../sinks/sinks.ts';
import type { Alerts } from './build-alerts.ts';
import { type LogConfig, rulesOf } from './build-logs.ts';

/** LiteLLM's other name of a channel. */
const CHANNELS: Readonly<Record<string, string>> = { slack_budget_alerts: 'slack' };

/**
 * What `/health/services` tries: a channel of alerts, or a type of log destination as calls would reach it whose key and
 * team say nothing. Credentials can be tried before a callback names the type.
 */
export function buildServiceTest(
  config: LogConfig,
  { alerts, sinks }: { alerts: Pick<Alerts, 'testChannel'>; sinks: Pick<Sinks, 'probe'> },
): HealthServicesRouteDeps['testService'] {
  const { global, content } = rulesOf(config);
  return async (name) => {
    const kind = findSinkKind(name);
    if (kind === undefined) {
      const outcome = await alerts.testChannel(CHANNELS[name] ?? name);
      return outcome.kind === 'unknown' ? { ...outcome, known: [...ALERT_CHANNELS, ...SINK_TYPES] } : outcome;
    }
    const [destination] = [
      ...global.filter(({ type }) => findSinkKind(type) === kind),
      ...globalDestinations([name], [name], content),
    ];
    if (destination === undefined) return { kind: 'off' };
    const { error, tookMs } = await sinks.probe(destination);
    if (error !== null) return { kind: 'failed', reason: error };
    return { kind: 'taken', tookMs, inUse: global.includes(destination) };
  };
}
