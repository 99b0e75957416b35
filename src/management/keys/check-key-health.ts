import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isJsonObject } from '../../core/json.ts';
import { ownDestinations } from '../../core/log-destination.ts';
import { assertMay } from '../../core/permissions.ts';
import type { KeyManagement } from './key-management.ts';

/** What became of a record that was sent to one destination. */
export interface DestinationHealth {
  name: string;
  ok: boolean;
  /** In the other side's words; null: it took the record. */
  error: string | null;
  tookMs: number;
}

export interface KeyHealth {
  healthy: boolean;
  /** Null when the key sends its calls nowhere. */
  logging: { destinations: readonly DestinationHealth[] } | null;
}

/**
 * Whether the calls of the calling key reach the log destinations in its metadata: a record of no call is sent through
 * each of them at the same time, as a call's would be, and each is told by itself. Throws bad_request when an entry does
 * not say what it is.
 */
export async function checkKeyHealth(
  { probeDestination }: Pick<KeyManagement, 'probeDestination'>,
  caller: Caller,
): Promise<KeyHealth> {
  assertMay(caller, 'health');
  const { key } = caller;
  const logging = key?.metadata.logging;
  if (key === null || !Array.isArray(logging) || logging.length === 0) return { healthy: true, logging: null };
  if (!logging.every((entry) => isJsonObject(entry) && typeof entry.callback_name === 'string')) {
    throw new GatewayError('bad_request', 'Key health check failed: callback_name is required in key_logging', {
      param: 'metadata',
    });
  }
  const present = ownDestinations('key', { id: key.keyId, metadata: key.metadata }, null) ?? [];
  const destinations = await Promise.all(
    present.map(async (destination) => ({ name: destination.type, ...(await probeDestination(destination)) })),
  );
  return { healthy: destinations.every(({ ok }) => ok), logging: { destinations } };
}
