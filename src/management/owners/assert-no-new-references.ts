import { findServerReferences } from '../../core/callback-secrets.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import { isAdmin } from '../../core/rights.ts';

/**
 * `os.environ/NAME` in a log destination is read from the server's environment, the path of a service account from its
 * disk, and a bucket without an account is written with the server's: nobody but an administrator may point to them.
 *
 * @throws GatewayError forbidden (403)
 */
export function assertNoNewReferences(caller: Caller, before: JsonObject, after: JsonObject): void {
  if (isAdmin(caller)) return;
  const known = new Set(findServerReferences(before));
  if (findServerReferences(after).every((reference) => known.has(reference))) return;
  throw new GatewayError(
    'forbidden',
    "Only a proxy admin may refer to the server's environment (os.environ/…), to files on its disk, or to a bucket that " +
      "is written with the server's account; send gcs_path_service_account with a gcs_bucket_name.",
    { param: 'callback_vars' },
  );
}
