import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { assertMay } from '../../core/permissions.ts';
import type { KeyManagement } from './key-management.ts';

export interface KeyHealth {
  healthy: boolean;
  /** Null when the key sends its calls nowhere. */
  logging: { callbacks: readonly string[]; details: string } | null;
}

/**
 * Whether the calls of the calling key reach the log destinations in its metadata. There is no destination in this
 * release to which anything could be sent, so a key that names one is unhealthy, and the details say which and why.
 * Throws bad_request when an entry does not say what it is.
 */
export function checkKeyHealth({ settings }: Pick<KeyManagement, 'settings'>, caller: Caller): KeyHealth {
  assertMay(caller, 'health');
  const logging = caller.key?.metadata.logging;
  if (!Array.isArray(logging) || logging.length === 0) return { healthy: true, logging: null };
  const callbacks: string[] = [];
  const failures: string[] = [];
  for (const entry of logging) {
    if (!isJsonObject(entry) || typeof entry.callback_name !== 'string') {
      throw new GatewayError('bad_request', 'Key health check failed: callback_name is required in key_logging', {
        param: 'metadata',
      });
    }
    callbacks.push(entry.callback_name);
    failures.push(`${entry.callback_name}: ${describeFailure(entry, settings.gcsBucketName)}`);
  }
  const details = `Logger exceptions triggered, system is unhealthy: ${failures.join('; ')}`;
  return { healthy: false, logging: { callbacks, details } };
}

/** What the operator would have to mend first. */
function describeFailure(
  { callback_name: name, callback_vars: vars }: JsonObject,
  gcsBucketName: string | null,
): string {
  const namesBucket = isJsonObject(vars) && typeof vars.gcs_bucket_name === 'string' && vars.gcs_bucket_name !== '';
  if (name === 'gcs_bucket' && !namesBucket && gcsBucketName === null) {
    return 'GCS_BUCKET_NAME is not set in the environment';
  }
  return 'cannot be delivered, this release has no such log destination yet';
}
