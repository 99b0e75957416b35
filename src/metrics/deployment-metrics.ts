import type { Deployment } from '../core/model.ts';
import { type CollectMetrics, counter, gauge, type MetricFamily } from './metric-family.ts';

/** What is counted of deployments: answers, failures (those of tries that a retry made good, too), and their state. */
export interface DeploymentMetrics {
  answered(deploymentId: string): void;
  failed(deploymentId: string, status: number): void;
  collect: CollectMetrics;
}

interface Counted {
  answers: number;
  failures: Map<number, number>;
}

/** Only deployments that there are show up, so what was taken away takes its series along. */
export function createDeploymentMetrics(deps: {
  deployments: () => readonly Deployment[];
  isCooling: (deploymentId: string) => boolean;
}): DeploymentMetrics {
  const counted = new Map<string, Counted>();
  const of = (id: string): Counted => {
    let entry = counted.get(id);
    if (entry === undefined) {
      entry = { answers: 0, failures: new Map() };
      counted.set(id, entry);
    }
    return entry;
  };
  return {
    answered(deploymentId) {
      of(deploymentId).answers += 1;
    },
    failed(deploymentId, status) {
      const { failures } = of(deploymentId);
      failures.set(status, (failures.get(status) ?? 0) + 1);
    },
    collect(): MetricFamily[] {
      const deployments = deps.deployments();
      const shown = deployments.map((deployment) => ({
        deployment,
        labels: labelsOf(deployment),
        counts: counted.get(deployment.id),
      }));
      return [
        counter(
          'litellm_deployment_success_responses_total',
          'Answers of a deployment.',
          shown.map(({ labels, counts }) => ({ labels, value: counts?.answers ?? 0 })),
        ),
        counter(
          'litellm_deployment_failure_responses_total',
          'Failed tries of a deployment, by HTTP status.',
          shown.flatMap(({ labels, counts }) =>
            [...(counts?.failures ?? [])].map(([status, value]) => ({
              labels: { ...labels, exception_status: status },
              value,
            })),
          ),
        ),
        gauge(
          'litellm_deployment_state',
          '0: serves; 1: has failed lately and is asked last; 2: cannot serve by its configuration.',
          shown.map(({ deployment, labels }) => ({
            labels,
            value: deployment.unavailable !== null ? 2 : deps.isCooling(deployment.id) ? 1 : 0,
          })),
          'max',
        ),
      ];
    },
  };
}

function labelsOf({ id, modelName, provider, upstreamModel, apiBase }: Deployment): Record<string, string> {
  return {
    litellm_model_name: upstreamModel,
    model_id: id,
    api_base: addressOf(apiBase),
    api_provider: provider,
    requested_model: modelName,
  };
}

/** Without anything that could hold a credential. */
function addressOf(apiBase: string | null): string {
  if (apiBase === null || !URL.canParse(apiBase)) return '';
  const { origin, pathname } = new URL(apiBase);
  return origin + pathname;
}
