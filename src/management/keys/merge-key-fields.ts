import { restoreCallbackSecrets } from '../../core/callback-secrets.ts';
import { addDuration, isNoTime } from '../../core/duration.ts';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import { getDuration } from './get-duration.ts';
import type { KeyFields } from './key-fields.ts';
import { scheduleRotation, UNSCHEDULED } from './schedule-rotation.ts';

/** What a field is when it has no value. Also the list of fields that a request sets one to one. */
const CLEARED = {
  alias: null,
  userId: null,
  teamId: null,
  organizationId: null,
  budgetId: null,
  models: [],
  aliases: {},
  maxBudgetNanoUsd: null,
  softBudgetNanoUsd: null,
  budgetDuration: null,
  budgetMode: null,
  modelMaxBudget: {},
  rpmLimit: null,
  tpmLimit: null,
  maxParallelRequests: null,
  permissions: {},
  config: {},
  allowedCacheControls: [],
  allowedRoutes: [],
  allowedIps: [],
  blocked: null,
  autoRotate: false,
  rotationInterval: null,
} satisfies Partial<KeyRecord> & Partial<KeyFields>;

type PlainField = keyof typeof CLEARED;
const PLAIN_FIELDS = Object.keys(CLEARED) as PlainField[];

/** `duration: "-1"` is LiteLLM's way to say "never expires". */
export const NEVER = '-1';

export interface NewKeyIdentity {
  keyId: string;
  hash: string;
  mask: string | null;
  createdBy: string;
  nowMs: number;
}

/** A key about which nothing has been said yet: every field at its cleared value. */
export function buildBlankKey({ keyId, hash, mask, createdBy, nowMs }: NewKeyIdentity): KeyRecord {
  return {
    ...CLEARED,
    keyId,
    hash,
    mask,
    metadata: {},
    extra: {},
    expiresAtMs: null,
    createdAtMs: nowMs,
    createdBy,
    updatedAtMs: nowMs,
    updatedBy: createdBy,
    governedBy: null,
    lastActiveAtMs: null,
    rotationCount: 0,
    lastRotationAtMs: null,
    ...UNSCHEDULED,
    deletedAtMs: null,
    deletedBy: null,
  };
}

/** The record with what the request says laid over it; a field that the request does not mention stays as it is. */
export function mergeKeyFields(current: KeyRecord, fields: KeyFields, nowMs: number): KeyRecord {
  const mentioned = PLAIN_FIELDS.filter((name) => fields[name] !== undefined);
  const plain = Object.fromEntries(mentioned.map((name) => [name, fields[name] ?? CLEARED[name]]));
  const next = { ...current, ...plain };
  return {
    ...next,
    ...(keepsSchedule(current, next) ? {} : scheduleRotation(next, nowMs)),
    metadata: mergeMetadata(current.metadata, fields),
    extra: overlay(
      current.extra,
      fields.blocked === false ? { ...fields.extra, blocked_reason: null } : (fields.extra ?? {}),
    ),
    expiresAtMs: fields.duration === undefined ? current.expiresAtMs : expiryAt(fields.duration, nowMs),
  };
}

function keepsSchedule(current: KeyRecord, next: KeyRecord): boolean {
  return current.autoRotate === next.autoRotate && current.rotationInterval === next.rotationInterval;
}

function mergeMetadata(current: JsonObject, fields: KeyFields): JsonObject {
  const base =
    fields.metadata === undefined
      ? current
      : { ...keptOf(current), ...restoreCallbackSecrets(fields.metadata ?? {}, current) };
  const merged = overlay(base, fields.inMetadata ?? {});
  if (fields.modelRates === undefined) return merged;
  const { rpm, tpm } = fields.modelRates;
  return {
    ...merged,
    ...ratesOf('model_rpm_limit', rpm, merged, fields),
    ...ratesOf('model_tpm_limit', tpm, merged, fields),
  };
}

/** What names a service account stays when the rest of the metadata is replaced. */
function keptOf({ service_account_id: id }: JsonObject): JsonObject {
  return id === undefined || id === null ? {} : { service_account_id: id };
}

/** Beside what the same request says of such limits in their own field they are the weaker word, and else the newer one. */
function ratesOf(
  name: 'model_rpm_limit' | 'model_tpm_limit',
  rates: Readonly<Record<string, number>>,
  merged: JsonObject,
  { inMetadata }: KeyFields,
): JsonObject {
  if (Object.keys(rates).length === 0) return {};
  const present = isJsonObject(merged[name]) ? merged[name] : {};
  return { [name]: isJsonObject(inMetadata?.[name]) ? { ...rates, ...present } : { ...present, ...rates } };
}

function overlay(base: JsonObject, changes: Readonly<Record<string, Json>>): JsonObject {
  return Object.fromEntries(
    Object.entries({ ...base, ...changes }).filter(([name, value]) => value !== null || !(name in changes)),
  );
}

function expiryAt(duration: string | null, nowMs: number): number | null {
  if (isNoTime(duration)) return nowMs;
  return duration === null || duration === NEVER ? null : addDuration(nowMs, getDuration(duration, 'duration'));
}
