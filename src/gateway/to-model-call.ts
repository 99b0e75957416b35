import { OUTPUT_LIMITS } from '../core/request-defaults.ts';
import type { ModelCall } from '../providers/provider.ts';
import type { OpenCall } from './open-call.ts';
import type { Candidate } from './prepare-call.ts';

/**
 * The client's call as this deployment is to get it: its gaps filled with the deployment's defaults. What a hard budget
 * pays for bounds the limit of either.
 */
export function toModelCall({ parsed, admission }: OpenCall, { deployment, defaults }: Candidate): ModelCall {
  const { operation, text, raw, body, model: requested, stream } = parsed;
  const { outputCut } = admission;
  if (outputCut === null) return { operation, text, bytes: raw, body, requested, stream, overrides: defaults };
  const { maxTokens } = outputCut;
  const overrides: Record<string, unknown> = { ...defaults };
  // Whatever stands there: an upstream that reads leniently would take a text for a number.
  const named = OUTPUT_LIMITS.filter((name) => (defaults[name] ?? body[name] ?? null) !== null);
  const unnamed = deployment.provider === 'openai' && operation === 'chat' ? 'max_completion_tokens' : 'max_tokens';
  for (const name of named.length > 0 ? named : [unnamed]) {
    overrides[name] = Math.min(maxTokens, (defaults[name] as number | undefined) ?? maxTokens);
  }
  return { operation, text, bytes: raw, body, requested, stream, overrides };
}
