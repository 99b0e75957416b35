import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { assertMay } from '../../core/permissions.ts';
import type { KeyChange, KeyStore } from '../../storage/storage.ts';
import { acceptKeyChanges } from './accept-key-fields.ts';
import { assertLinksExist } from './assert-links-exist.ts';
import { assertOwnersStay } from './assert-owners-stay.ts';
import { type FoundKey, findKeyFor } from './find-key-for.ts';
import {
  type ChosenSecret,
  findEarlierIssue,
  type IdempotentRequest,
  identifyRequest,
  prepareIssue,
} from './idempotency.ts';
import { prepareRotationAlerts } from './key-alerts.ts';
import { keyConflict } from './key-conflict.ts';
import type { KeyFields } from './key-fields.ts';
import type { KeyManagement } from './key-management.ts';
import { mergeKeyFields } from './merge-key-fields.ts';
import { planSpendMove } from './move-spend.ts';
import { planKeyChange } from './plan-key-change.ts';
import { addressOf, keyNotFound } from './resolve-key.ts';
import { reviseKey } from './revise-key.ts';
import { computeGraceMs, scheduleRotation } from './schedule-rotation.ts';
import { type IssuedKey, viewKey } from './view-key.ts';

export interface KeyRotation {
  /** Secret, hash, key_id or alias; null: the request named none. */
  key: string | null;
  /** The new secret, if the client chose it. */
  newSecret: string | null;
  /** How long the old secret goes on working; null: the installation's setting. */
  gracePeriod: string | null;
  /** True when the request asks for a new master key, which is no key of ours. */
  wantsNewMasterKey: boolean;
  /** Changes that go along with the new secret, as in an update. */
  fields: KeyFields;
  idempotency: IdempotentRequest | null;
}

/**
 * Gives a key a new secret. Its key_id, alias, spend, budget windows, limits and expiry stay, unless the request says
 * otherwise. The old secret dies at once, or when the grace period ends. A repetition with the same `idempotency-key`
 * gets the first one's answer and rotates nothing.
 * Throws not_admin, not_found, bad_request, conflict.
 */
export async function regenerateKey(
  deps: Omit<KeyManagement, 'keys'> & { keys: Pick<KeyStore, 'find' | 'change' | 'findIdempotency'> },
  caller: Caller,
  actor: Actor,
  input: KeyRotation,
): Promise<IssuedKey> {
  assertMay(caller, 'regenerate');
  if (input.wantsNewMasterKey) throw masterKeyElsewhere();
  const text = input.key;
  if (text === null) throw new GatewayError('bad_request', 'No key passed in.', { param: 'key' });
  const nowMs = deps.nowMs();
  const chosen: ChosenSecret | null = input.newSecret === null ? null : { secret: input.newSecret, param: 'new_key' };
  const request = identifyRequest(caller, input.idempotency);
  const repeated = await findEarlierIssue(deps, request, chosen, nowMs);
  if (repeated !== undefined) return repeated;

  const fields = acceptKeyChanges(deps, input.fields, nowMs);
  const graceMs = computeGraceMs(input.gracePeriod ?? deps.settings.rotationGracePeriod, nowMs);
  const found = await findOrRefuse();
  // The old secret is unknown by now where an identical request has been faster.
  if (found instanceof GatewayError) return replayOr(found);
  const { key } = found.draft;
  const { assertMayBecome, standing } = await planKeyChange(deps, caller, found, { act: 'regenerate', fields, nowMs });
  const { minted, noteFor } = prepareIssue(deps, request, chosen);
  if (minted.hash === caller.secretHash) throw keyConflict('key', null, 'new_key');
  const move = await planSpendMove(deps, key, fields, nowMs);
  const alertsFor = await prepareRotationAlerts(deps, key, nowMs);
  const unchanged = keyConflict('key', null, 'new_key');
  const decide = (current: KeyRecord): KeyChange => {
    assertMayBecome(current);
    // Chosen by the request, or by an identical one that has been faster.
    if (minted.hash === current.hash) throw unchanged;
    const also = {
      hash: minted.hash,
      mask: deps.settings.disableKeyName ? null : minted.mask,
      rotationCount: current.rotationCount + 1,
      lastRotationAtMs: nowMs,
      ...scheduleRotation(mergeKeyFields(current, fields, nowMs), nowMs),
    };
    const change = reviseKey(deps, current, { action: 'rotated', fields, also, move, caller, actor, nowMs });
    return {
      ...change,
      alerts: alertsFor(change.next),
      oldSecretRevokedAtMs: nowMs + graceMs,
      idempotency: noteFor(key.keyId, nowMs),
    };
  };
  const assertLinks = assertOwnersStay(caller, standing, assertLinksExist(fields, key));
  const result = await deps.keys.change(addressOf(key), decide, assertLinks).catch((error: unknown) => {
    if (error === unchanged) return unchanged;
    throw error;
  });
  if (result instanceof GatewayError) return replayOr(result);
  if (result.kind === 'changed') return { ...(await viewKey(deps, result.after, nowMs)), secret: minted.secret };
  const refusal =
    result.kind === 'not_found' ? keyNotFound(text) : keyConflict(result.field, fields.alias ?? null, 'new_key');
  return replayOr(refusal);

  async function findOrRefuse(): Promise<FoundKey | GatewayError> {
    try {
      return await findKeyFor(deps, caller, 'regenerate', text ?? '');
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
  }

  /** An identical request may have been faster: then the old secret is unknown by now, or the note taken. */
  async function replayOr(refusal: GatewayError): Promise<IssuedKey> {
    const faster = await findEarlierIssue(deps, request, chosen, nowMs);
    if (faster === undefined) throw refusal;
    return faster;
  }
}

function masterKeyElsewhere(): GatewayError {
  return new GatewayError(
    'bad_request',
    'The master key is not rotated over HTTP: run `latchkey master-key rotate` on the machine.',
    { param: 'new_master_key' },
  );
}
