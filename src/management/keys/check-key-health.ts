import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject } from '../../core/json.ts';
import { assertMay } from '../../core/permissions.ts';

export interface KeyHealth {
  healthy: boolean;
  /** Null when the key sends its calls nowhere. */
  logging: { callbacks: readonly string[]; details: string } | null;
}

/**
 * Whether the calls of the calling key reach the log destinations in its metadata. There is no destination in this
 * release to which anything could be sent, so a key that names one is unhealthy, and the details say which.
 * Throws bad_request when an entry does not say what it is.
 */
export function checkKeyHealth(caller: Caller): KeyHealth {
  assertMay(caller, 'health');
  const logging = caller.key?.metadata.logging;
  if (!Array.isArray(logging) || logging.length === 0) return { healthy: true, logging: null };
  const callbacks = logging.map((entry) => {
    if (isJsonObject(entry) && typeof entry.callback_name === 'string') return entry.callback_name;
    throw new GatewayError('bad_request', 'Key health check failed: callback_name is required in key_logging', {
      param: 'metadata',
    });
  });
  const failures = callbacks.map((name) => `${name}: cannot be delivered, this release has no such log destination`);
  const details = `Logger exceptions triggered, system is unhealthy: ${failures.join('; ')}`;
  return { healthy: false, logging: { callbacks, details } };
}
