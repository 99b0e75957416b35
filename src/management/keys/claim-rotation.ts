import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { findEarlierIssue, type IdempotentRequest, identifyRequest, prepareIssue } from './idempotency.ts';
import { prepareRotationAlerts } from './key-alerts.ts';
import { keyConflict } from './key-conflict.ts';
import type { KeyManagement } from './key-management.ts';
import { keyNotFound } from './resolve-key.ts';
import { reviseKey } from './revise-key.ts';
import { computeClaimMs, scheduleRotation } from './schedule-rotation.ts';
import { type IssuedKey, viewKey } from './view-key.ts';

/**
 * The new secret of a rotation on a timer, for whoever calls with the one that is to be replaced, once. The old one works
 * on for the grace period, and the next interval starts. Nothing else of the key changes. A repetition with the same
 * `idempotency-key` gets the first one's answer. No right is asked for: whoever set the rotation has ordered it.
 * Throws bad_request (the caller is no key, or nothing is due), conflict (claimed already).
 */
export async function claimRotation(
  deps: Omit<KeyManagement, 'keys'> & { keys: Pick<KeyStore, 'find' | 'change' | 'findIdempotency'> },
  caller: Caller,
  actor: Actor,
  idempotency: IdempotentRequest | null,
): Promise<IssuedKey> {
  if (caller.key === null) {
    throw new GatewayError('bad_request', 'Call this with the key whose rotation is due: it is claimed for that one.');
  }
  const { keyId } = caller.key;
  const nowMs = deps.nowMs();
  const request = identifyRequest(caller, idempotency);
  const repeated = await findEarlierIssue(deps, request, null, nowMs);
  if (repeated !== undefined) return repeated;

  const { minted, noteFor } = prepareIssue(deps, request, null);
  const graceMs = computeClaimMs(deps.settings.rotationGracePeriod, nowMs);
  const alertsFor = await prepareRotationAlerts(deps, caller.key, nowMs);
  try {
    const result = await deps.keys.change({ kind: 'key_id', keyId }, (current) => {
      assertClaimable(current, caller.secretHash);
      const also = {
        hash: minted.hash,
        mask: deps.settings.disableKeyName ? null : minted.mask,
        rotationCount: current.rotationCount + 1,
        lastRotationAtMs: nowMs,
        ...scheduleRotation(current, nowMs),
      };
      const change = reviseKey(deps, current, {
        action: 'rotated',
        fields: {},
        also,
        move: null,
        caller,
        actor,
        nowMs,
      });
      return {
        ...change,
        alerts: alertsFor(change.next),
        oldSecretRevokedAtMs: nowMs + graceMs,
        idempotency: noteFor(keyId, nowMs),
      };
    });
    if (result.kind === 'changed') return { ...(await viewKey(deps, result.after, nowMs)), secret: minted.secret };
    throw result.kind === 'not_found' ? keyNotFound(keyId) : keyConflict(result.field, null, 'new_key');
  } catch (error) {
    // An identical request may have been faster.
    const faster = error instanceof GatewayError ? await findEarlierIssue(deps, request, null, nowMs) : undefined;
    if (faster === undefined) throw error;
    return faster;
  }
}

function assertClaimable(current: KeyRecord, secretHash: string): void {
  if (current.hash !== secretHash) {
    throw new GatewayError(
      'conflict',
      'This secret has been replaced already, and its successor was shown to whoever asked first. If that was none of ' +
        'yours, have an administrator rotate the key.',
    );
  }
  if (current.rotationClaimUntilMs === null) throw nothingDue(current.keyRotationAtMs);
}

function nothingDue(atMs: number | null): GatewayError {
  const next =
    atMs === null ? 'the key does not rotate by itself' : `the next is due at ${new Date(atMs).toISOString()}`;
  return new GatewayError('bad_request', `No rotation of this key waits to be claimed: ${next}.`);
}
