import { findEnvironmentReferences } from '../../core/callback-secrets.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import { isAdmin } from '../../core/rights.ts';

/**
 * `os.environ/NAME` in a log destination is read from the server's environment, and the path of a service account from its
 * disk, which nobody but an administrator may point to. Throws forbidden.
 */
export function assertNoNewReferences(caller: Caller, before: JsonObject, after: JsonObject): void {
  if (isAdmin(caller)) return;
  const known = new Set(findEnvironmentReferences(before));
  if (findEnvironmentReferences(after).every((reference) => known.has(reference))) return;
  throw new GatewayError(
    'forbidden',
    "Only a proxy admin may refer to the server's environment (os.environ/…) or to files on its disk.",
    { param: 'callback_vars' },
  );
}
