import type { Deployment } from '../core/model.ts';
import type { CallObserver } from '../gateway/call-observer.ts';
import { type CallMetrics, createCallMetrics } from '../metrics/call-metrics.ts';
import { createDeploymentMetrics } from '../metrics/deployment-metrics.ts';
import type { CollectMetrics } from '../metrics/metric-family.ts';
import { collectProcessMetrics, type ObservedProcess } from '../metrics/process-metrics.ts';
import {
  createMetricsRegistry,
  METRICS_CONTENT_TYPE,
  type ProcessMetrics,
  renderMetrics,
} from '../metrics/render-metrics.ts';
import { createRequestMetrics, type RequestMetrics } from '../metrics/request-metrics.ts';
import { VERSION } from '../version.ts';

/** Asks every worker of this gateway for its metrics. */
export type GatherMetrics = () => Promise<readonly ProcessMetrics[]>;

export interface Metrics {
  observer: CallObserver;
  calls: Pick<CallMetrics, 'unpriced'>;
  requests: Pick<RequestMetrics, 'answered'>;
  /** What else is to be shown; to be told before the first scrape. */
  addSource(source: CollectMetrics): void;
  /** Those of this process alone. */
  collectOwn(): Promise<ProcessMetrics>;
  /** From now on a scrape shows these instead of this process's alone. */
  gatherFrom(gather: GatherMetrics): void;
  contentType: string;
  render(): Promise<string>;
}

export function buildMetrics(deps: {
  maxSeries: number;
  nowMs: () => number;
  deployments: () => readonly Deployment[];
  isCooling: (deploymentId: string) => boolean;
}): Metrics {
  const calls = createCallMetrics(deps);
  const deployments = createDeploymentMetrics(deps);
  const requests = createRequestMetrics();
  const sources: CollectMetrics[] = [calls.collect, deployments.collect, requests.collect];
  const registry = createMetricsRegistry(sources);
  let gather: GatherMetrics = async () => [await registry.collect()];
  return {
    observer: {
      settled(record, caller, charges, errorCode, upstreamMs) {
        calls.settled(record, caller, charges, errorCode, upstreamMs);
        if (record.deploymentId !== null && record.status === 'success') deployments.answered(record.deploymentId);
      },
      refused: calls.refused,
      deploymentFailed: deployments.failed,
    },
    calls,
    requests,
    addSource: (source) => void sources.push(source),
    collectOwn: registry.collect,
    gatherFrom(other) {
      gather = other;
    },
    contentType: METRICS_CONTENT_TYPE,
    render: async () => renderMetrics(await gather()),
  };
}

/** The gateway's own state. */
export function processSource(deps: {
  inspect: () => Promise<ObservedProcess>;
  pingDatabase: () => Promise<void>;
  redisState: (() => 'up' | 'down' | 'rebuilding') | null;
}): CollectMetrics {
  return collectProcessMetrics({ version: VERSION, ...deps });
}
