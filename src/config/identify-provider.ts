/** Which provider a model name means, and what that provider calls the model. */
import { nearestName } from './nearest-name.ts';
import { MODEL_FAMILIES, PROVIDERS, UNSUPPORTED_PROVIDERS } from './provider-defaults.ts';

export type ProviderChoice =
  | { kind: 'known'; provider: string; upstreamModel: string }
  /** A dialect that is not spoken yet. */
  | { kind: 'unsupported'; provider: string; upstreamModel: string }
  /** No such provider; `nearest` is the one that was probably meant. */
  | { kind: 'unknown'; provider: string; upstreamModel: string; nearest: string | undefined };

/** `groq/llama-3` → groq, `llama-3`; `gpt-4o` → openai. `explicit` (custom_llm_provider) comes before the name. */
export function identifyProvider(model: string, explicit: string | null): ProviderChoice {
  if (explicit !== null) {
    return choose(explicit, model.startsWith(`${explicit}/`) ? model.slice(explicit.length + 1) : model);
  }
  const slash = model.indexOf('/');
  if (slash > 0) return choose(model.slice(0, slash), model.slice(slash + 1));
  const family = MODEL_FAMILIES.find(([prefix]) => model.startsWith(prefix));
  return choose(family?.[1] ?? 'openai', model);
}

function choose(provider: string, upstreamModel: string): ProviderChoice {
  if (Object.hasOwn(PROVIDERS, provider)) return { kind: 'known', provider, upstreamModel };
  if (UNSUPPORTED_PROVIDERS.has(provider)) return { kind: 'unsupported', provider, upstreamModel };
  return { kind: 'unknown', provider, upstreamModel, nearest: nearestName(provider, Object.keys(PROVIDERS)) };
}
