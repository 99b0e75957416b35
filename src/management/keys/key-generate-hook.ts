import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';

/**
 * `general_settings.custom_key_generate`: a function of the operator's that may refuse a new key. It sees the request
 * as it came over the wire, without a custom secret. A missing `decision` allows, as in LiteLLM.
 */
export type KeyGenerateHook = (request: JsonObject) => Promise<{ decision?: boolean; message?: string }>;

/** Throws `forbidden` with the hook's own message when it refuses, and when it fails: a broken rule lets nothing through. */
export async function assertHookAllows(hook: KeyGenerateHook | null, request: JsonObject): Promise<void> {
  if (hook === null) return;
  const answer = await askHook(hook, request);
  if (answer?.decision === false) {
    throw new GatewayError('forbidden', answer.message ?? 'Authentication Failed - Custom Auth Rule');
  }
}

async function askHook(hook: KeyGenerateHook, request: JsonObject): ReturnType<KeyGenerateHook> {
  try {
    return await hook(structuredClone(request));
  } catch (cause) {
    throw new GatewayError('forbidden', 'The custom_key_generate hook failed, so no key was made.', { cause });
  }
}
