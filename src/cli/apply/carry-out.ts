import { CliError } from '../cli-io.ts';
import { type GatewayClient, isRecord } from '../gateway-client.ts';
import type { Step } from './compute-plan.ts';

export interface CarriedOut {
  done: readonly Step[];
  /** The first step that did not succeed; nothing after it was tried. */
  failed: { step: Step; why: string } | null;
  left: readonly Step[];
}

/** One after the other, and no further than the first failure. `onSecret` hears of each new key's secret at once. */
export async function carryOut(
  client: GatewayClient,
  steps: readonly Step[],
  onSecret: (alias: string, secret: string) => void,
): Promise<CarriedOut> {
  for (const [index, step] of steps.entries()) {
    try {
      const answer = await client.post(pathOf(step), step.body);
      const secret = isRecord(answer) ? answer.key : undefined;
      if (step.act === 'create' && step.kind.section === 'keys' && typeof secret === 'string')
        onSecret(step.name, secret);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return { done: steps.slice(0, index), failed: { step, why: error.message }, left: steps.slice(index + 1) };
    }
  }
  return { done: steps, failed: null, left: [] };
}

function pathOf({ act, kind }: Step): string {
  if (act === 'delete') return kind.remove.path;
  return act === 'create' ? kind.create.path : kind.update.path;
}
