import type { Actor } from '../../core/audit.ts';
import { ADMIN_USER_ID } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { hasSecretShape, sha256Hex } from '../../core/key-secret.ts';
import { hasWrongChecksum } from '../../core/secret-checksum.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { type AttemptLimit, sourceName } from '../sessions/attempt-limits.ts';
import { buildKeyAudit } from './key-audit.ts';
import type { KeyManagement } from './key-management.ts';

export type LeakDeps = Pick<KeyManagement, 'nowMs' | 'newId'> & {
  keys: Pick<KeyStore, 'findBySecretHash' | 'change'>;
  /** Look-ups by source. */
  leakLimit: AttemptLimit;
  /** Somebody has found the master key, which nothing but a new one helps against. */
  onMasterKey(): void;
  isMasterKeyHash(hash: string): boolean;
};

/** Where a leaked secret was found, as far as the report says; null: it does not. */
export interface LeakReport {
  secret: string;
  url: string | null;
  source: string | null;
}

/** Why a key is blocked, in its `blocked_reason`. */
const LEAKED = 'leaked';

const MAX_TEXT_LENGTH = 256;

/**
 * Blocks the keys that these secrets open, at once; their open streams end. The answer is the same whether there is such
 * a key or not: nothing is returned. Text that cannot be a secret of ours is passed over without a look-up. Throws
 * rate_limited before anything is looked up.
 */
export async function reportLeaks(
  deps: LeakDeps,
  actor: Actor,
  sourceIp: string,
  reports: readonly LeakReport[],
): Promise<void> {
  const plausible = reports.filter(({ secret }) => hasSecretShape(secret) && !hasWrongChecksum(secret));
  for (const report of plausible) {
    const waitMs = deps.leakLimit.take(sourceName(sourceIp));
    if (waitMs !== null) {
      const message = 'Too many reports from this address. Those before this one in the list have been dealt with.';
      throw new GatewayError('rate_limited', message, { retryAfterMs: waitMs });
    }
    await blockLeaked(deps, actor, report);
  }
}

async function blockLeaked(deps: LeakDeps, actor: Actor, { secret, url, source }: LeakReport): Promise<void> {
  const hash = sha256Hex(secret);
  if (deps.isMasterKeyHash(hash)) deps.onMasterKey();
  const found = await deps.keys.findBySecretHash(hash);
  if (found === undefined || (found.key.blocked === true && found.key.extra.blocked_reason === LEAKED)) return;
  const nowMs = deps.nowMs();
  await deps.keys.change({ kind: 'key_id', keyId: found.key.keyId }, (current) => {
    const next = {
      ...current,
      blocked: true,
      extra: { ...current.extra, blocked_reason: LEAKED },
      // Whoever lets it call again has to be above its owner.
      governedBy: ADMIN_USER_ID,
      updatedAtMs: Math.max(nowMs, current.updatedAtMs + 1),
      updatedBy: LEAKED,
    };
    const row = buildKeyAudit(deps, actor, nowMs, { action: 'blocked', before: current, after: next });
    const where = { leak_url: withoutQuery(url), leak_source: source?.slice(0, MAX_TEXT_LENGTH) ?? null };
    return { next, audit: { ...row, after: { ...row.after, ...where } } };
  });
}

/** What follows the path of an address may hold a credential, and who wrote it is a stranger. */
function withoutQuery(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { origin, pathname } = new URL(url);
  return origin === 'null' ? null : `${origin}${pathname}`.slice(0, MAX_TEXT_LENGTH);
}
