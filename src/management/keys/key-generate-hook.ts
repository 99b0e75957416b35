import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';

/**
 * `general_settings.custom_key_generate`: a function of the operator's that may refuse a new key. It sees the request
 * as it came over the wire, without a custom secret. A missing `decision` allows and any empty one (`null`, 0) refuses, as
 * in LiteLLM.
 */
export type KeyGenerateHook = (request: JsonObject) => Promise<{ decision?: unknown; message?: unknown }>;

/** Longer than a hook that asks another service should need, shorter than clients wait. */
const HOOK_TIMEOUT_MS = 10_000;

/**
 * Throws `forbidden` with the hook's own message when it refuses, and when it fails, does not answer in time or gives no verdict: a broken
 * rule lets nothing through.
 */
export async function assertHookAllows(hook: KeyGenerateHook | null, request: JsonObject): Promise<void> {
  if (hook === null) return;
  const answer = await askHook(hook, request);
  if (answer === LATE) {
    throw new GatewayError(
      'forbidden',
      `The custom_key_generate hook did not answer within ${HOOK_TIMEOUT_MS / 1_000} seconds, so no key was made.`,
    );
  }
  if (typeof answer !== 'object' || answer === null) {
    throw new GatewayError('forbidden', 'The custom_key_generate hook gave no verdict, so no key was made.');
  }
  const { decision, message } = answer;
  if (decision !== undefined && !decision) {
    throw new GatewayError(
      'forbidden',
      typeof message === 'string' ? message : 'Authentication Failed - Custom Auth Rule',
    );
  }
}

const LATE = Symbol('late');

/** A hook that is late is not waited for, and what it says in the end is not heard. */
async function askHook(
  hook: KeyGenerateHook,
  request: JsonObject,
): Promise<Awaited<ReturnType<KeyGenerateHook>> | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), HOOK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([hook(structuredClone(request)), late]);
  } catch (cause) {
    throw new GatewayError('forbidden', 'The custom_key_generate hook failed, so no key was made.', { cause });
  } finally {
    clearTimeout(timer);
  }
}
