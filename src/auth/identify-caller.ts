/**
 * From request headers to a `Caller`. What cannot be a key is refused without a look-up; a key that is in the cache is
 * answered synchronously, so the usual request waits for nothing. The secret ends here: only its hash goes on.
 */
import type { Standing } from '../core/call-path.ts';
import { type Caller, toKeyCaller, toMasterCaller } from '../core/caller.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { hasSecretShape, maskSecret, sha256Hex } from '../core/key-secret.ts';
import { refuseKey, unknownKeyError } from '../core/key-standing.ts';
import { refusePath } from '../core/owner-standing.ts';
import { hasWrongChecksum } from '../core/secret-checksum.ts';
import type { OwnerCache } from '../storage/owners/owner-storage.ts';
import type { ActiveKey, KeyCache } from '../storage/storage.ts';
import { extractCredential, type RequestHeaders } from './extract-credential.ts';

/** What is known about keys and who stands behind them. */
interface StandingDeps {
  keyCache: KeyCache;
  owners: Pick<OwnerCache, 'standingOf'>;
  /** How many changes of keys and owners this process has heard of. */
  changesHeard(): number;
  /** Undefined: what is cached of them may be believed. Else resolves once it may, or rejects where that cannot be found out. */
  whenCurrent(): Promise<void> | undefined;
  nowMs(): number;
}

export interface IdentifyDeps extends StandingDeps {
  isMasterKeyHash(secretHash: string): boolean;
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

  const stale = deps.whenCurrent();
  return stale === undefined ? identifySecret(secret, deps) : stale.then(() => identifySecret(secret, deps));
}

function identifySecret(secret: string, deps: IdentifyDeps): Caller | Promise<Caller> {
  const hash = sha256Hex(secret);
  if (deps.isMasterKeyHash(hash)) return toMasterCaller(hash);
  if (!hasSecretShape(secret)) throw malformed(secret);
  if (hasWrongChecksum(secret)) throw unknownKeyError(hash, mask(secret));

  return findKeyCaller(secret, hash, deps);
}

/**
 * Is a caller of a while ago still one, now that keys or owners have changed? Throws or rejects like `identifyCaller`;
 * a session or the master key has other ways to end.
 */
export function reassureCaller({ key, secretHash }: Caller, deps: StandingDeps): unknown {
  if (key === null) return undefined;
  const stale = deps.whenCurrent();
  return stale === undefined
    ? findKeyCaller(null, secretHash, deps)
    : stale.then(() => findKeyCaller(null, secretHash, deps));
}

/** `secret` is for the words of a refusal only. */
function findKeyCaller(secret: string | null, hash: string, deps: StandingDeps): Caller | Promise<Caller> {
  const asOf = deps.changesHeard();
  const found = deps.keyCache.lookup(hash);
  return found instanceof Promise
    ? found.then((active) => admit(active, secret, hash, asOf, deps))
    : admit(found, secret, hash, asOf, deps);
}

function admit(
  active: ActiveKey | undefined,
  secret: string | null,
  hash: string,
  asOf: number,
  { owners, nowMs }: StandingDeps,
): Caller | Promise<Caller> {
  if (active === undefined) throw unknownKeyError(hash, secret === null ? undefined : mask(secret));
  const refusal = refuseKey(active.key, active.secret, nowMs());
  if (refusal !== undefined) throw refusal;
  const standing = owners.standingOf(active.key);
  return standing instanceof Promise
    ? standing.then((found) => toCaller(active, hash, asOf, found))
    : toCaller(active, hash, asOf, standing);
}

function toCaller({ key, secret }: ActiveKey, hash: string, asOf: number, standing: Standing): Caller {
  const refusal = refusePath(standing.path);
  if (refusal !== undefined) throw refusal;
  return toKeyCaller(key, hash, earliest(key.expiresAtMs, secret.revokedAtMs), standing, asOf);
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
