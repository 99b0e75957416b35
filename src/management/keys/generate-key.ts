import { assertJsonLimits, MAX_BODY_CHARS } from '../../core/assert-json-limits.ts';
import type { Actor } from '../../core/audit.ts';
import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import type { Caller } from '../../core/caller.ts';
import type { JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import { assertMay } from '../../core/permissions.ts';
import type { KeyStore } from '../../storage/storage.ts';
import { assertSendsMail } from '../alerts/invite.ts';
import { acceptNewKeyFields } from './accept-key-fields.ts';
import { assertLinksExist } from './assert-links-exist.ts';
import { assertOwnersStay } from './assert-owners-stay.ts';
import {
  type ChosenSecret,
  findEarlierIssue,
  type IdempotentRequest,
  identifyRequest,
  prepareIssue,
} from './idempotency.ts';
import { buildKeyCreatedAlerts } from './key-alerts.ts';
import { buildKeyAudit } from './key-audit.ts';
import { keyConflict } from './key-conflict.ts';
import type { KeyFields } from './key-fields.ts';
import { assertHookAllows } from './key-generate-hook.ts';
import type { KeyManagement } from './key-management.ts';
import { buildBlankKey } from './merge-key-fields.ts';
import { planNewKey } from './plan-new-key.ts';
import { nameOf, withSoftBudgetRow } from './revise-key.ts';
import { buildKeyView, type IssuedKey } from './view-key.ts';
import { withWindows } from './with-windows.ts';

export interface NewKey {
  fields: KeyFields;
  /** A secret that the client chose; null: one is made. */
  secret: string | null;
  /** Its user is sent the secret by mail. */
  sendInviteEmail: boolean;
  /** Where that mail goes; null: to the address of the key's user. */
  inviteEmail: string | null;
  /** The request as it came, without its secret: what the operator's hook is asked about. */
  request: JsonObject;
  idempotency: IdempotentRequest | null;
}

/**
 * Makes a key. Everything that can be refused is refused before anything is written; key, starting spend, audit row and
 * the messages to people are one transaction. A repetition with the same `idempotency-key` gets the first one's answer and makes nothing.
 * Throws not_admin, forbidden (the operator's hook), bad_request (a field, a taken alias or secret), conflict.
 */
export async function generateKey(
  deps: Omit<KeyManagement, 'keys'> & { keys: Pick<KeyStore, 'insert' | 'find' | 'findIdempotency'> },
  caller: Caller,
  actor: Actor,
  input: NewKey,
  act: 'generate' | 'generate_service_account' = 'generate',
): Promise<IssuedKey> {
  assertMay(caller, act);
  if (input.sendInviteEmail) assertSendsMail(deps.alerts);
  assertJsonLimits(input.request, 'body', MAX_BODY_CHARS);
  const nowMs = deps.nowMs();
  const chosen: ChosenSecret | null = input.secret === null ? null : { secret: input.secret, param: 'key' };
  const request = identifyRequest(caller, input.idempotency);
  const repeated = await findEarlierIssue(deps, request, chosen, nowMs);
  if (repeated !== undefined) return repeated;

  await assertHookAllows(deps.customKeyGenerate, input.request);
  const accepted = acceptNewKeyFields(deps, input.fields, nowMs);
  const fields = act === 'generate' ? accepted : { ...accepted, userId: null };
  const { minted, noteFor } = prepareIssue(deps, request, chosen);
  // Once the master key is rotated, a key with its old secret would let its holder in again.
  if (minted.hash === caller.secretHash) throw keyConflict('key', null);
  const blank = buildBlankKey({
    keyId: deps.newId('key_'),
    hash: minted.hash,
    mask: deps.settings.disableKeyName ? null : minted.mask,
    createdBy: nameOf(caller),
    nowMs,
  });
  const planned = await planNewKey(deps, caller, blank, {
    fields,
    asked: input.fields,
    request: input.request,
    nowMs,
    act,
  });
  const key = withSoftBudgetRow(deps, planned.key);
  const spendNanoUsd = fields.spendNanoUsd ?? 0;
  const [windows = key] = await withWindows(deps, [key]);
  const invite = input.sendInviteEmail ? { secret: minted.secret, address: input.inviteEmail } : null;
  const alerts = await buildKeyCreatedAlerts(deps, caller, key, { spendNanoUsd, invite, nowMs });
  const { budgetId = null } = fields;
  const { organizationId } = key;
  const result = await deps.keys.insert({
    key,
    assertLinks: assertOwnersStay(caller, planned.standing, assertLinksExist({ budgetId, organizationId }, null)),
    adjustments: buildStartingSpend(deps, windows, spendNanoUsd, nowMs),
    audit: buildKeyAudit(deps, actor, nowMs, { action: 'created', before: null, after: key }),
    alerts,
    idempotency: noteFor(key.keyId, nowMs),
  });
  if (result.kind === 'inserted')
    return { ...buildKeyView(deps, key, { spendNanoUsd, windows }, nowMs), secret: minted.secret };
  // An identical request may have been faster; then its alias, its secret or its note is what this one ran into.
  const faster = await findEarlierIssue(deps, request, chosen, nowMs);
  if (faster !== undefined) return faster;
  throw keyConflict(result.field, key.alias);
}

function buildStartingSpend(
  deps: Pick<KeyManagement, 'newId' | 'spendCounter'>,
  key: KeyRecord,
  spendNanoUsd: number,
  nowMs: number,
): BalanceAdjustment[] {
  if (spendNanoUsd === 0) return [];
  const counter = deps.spendCounter(key, nowMs);
  return [{ id: deps.newId('adj_'), counter, deltaNanoUsd: spendNanoUsd, reason: 'initial_spend', atMs: nowMs }];
}
