/**
 * From request headers to a `Caller`. What cannot be a key is refused without a look-up; a key that is in the cache is
 * answered synchronously, so the usual request waits for nothing. The secret ends here: only its hash goes on.
 */
import { ADMIN_USER_ID, type Caller } from '../core/caller.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { hasSecretShape, maskSecret, sha256Hex } from '../core/key-secret.ts';
import { refuseKey, unknownKeyError } from '../core/key-standing.ts';
import type { ActiveKey, KeyCache } from '../storage/storage.ts';
import { extractCredential, type RequestHeaders } from './extract-credential.ts';

export interface IdentifyDeps {
  keyCache: KeyCache;
  isMasterKeyHash(secretHash: string): boolean;
  nowMs(): number;
  /** `general_settings.litellm_key_header_name`; null when not set. */
  keyHeaderName: string | null;
}

/** No credential is longer than this, a master key of the operator's own choice included. */
const MAX_CREDENTIAL_LENGTH = 1_024;
/** A mask of a shorter key would show most of it. */
const MIN_LENGTH_TO_MASK = 12;

/**
 * Who is calling. Throws (or rejects with) a GatewayError: 401 for anything that is not a key in good standing,
 * `database_unavailable` when that cannot be found out.
 */
export function identifyCaller(headers: RequestHeaders, deps: IdentifyDeps): Caller | Promise<Caller> {
  const credential = extractCredential(headers, deps.keyHeaderName);
  if ('failure' in credential) throw credential.failure;
  const { secret } = credential;
  if (secret.length > MAX_CREDENTIAL_LENGTH) throw malformed(secret);

  const hash = sha256Hex(secret);
  if (deps.isMasterKeyHash(hash))
    return { role: 'proxy_admin', userId: ADMIN_USER_ID, secretHash: hash, endsAtMs: null, key: null };
  if (!hasSecretShape(secret)) throw malformed(secret);

  const found = deps.keyCache.lookup(hash);
  return found instanceof Promise
    ? found.then((active) => admit(active, secret, hash, deps.nowMs()))
    : admit(found, secret, hash, deps.nowMs());
}

function admit(active: ActiveKey | undefined, secret: string, hash: string, nowMs: number): Caller {
  if (active === undefined) throw unknownKeyError(hash, mask(secret));
  const refusal = refuseKey(active.key, active.secret, nowMs);
  if (refusal !== undefined) throw refusal;
  // No user rows exist yet: a key's owner is a name only, and gives it no role beyond its own.
  const { key } = active;
  const endsAtMs = earliest(key.expiresAtMs, active.secret.revokedAtMs);
  return { role: 'unknown', userId: key.userId, secretHash: hash, endsAtMs, key };
}

function earliest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function malformed(secret: string): GatewayError {
  return new GatewayError(
    'authentication',
    secret.startsWith('sk-')
      ? `Authentication Error, Malformed API Key passed in. Received API Key = ${mask(secret)}`
      : "Authentication Error, LiteLLM Virtual Key expected. Received=****, expected to start with 'sk-'.",
  );
}

function mask(secret: string): string {
  return secret.length < MIN_LENGTH_TO_MASK ? 'sk-...' : maskSecret(secret);
}
