/** A row of LiteLLM's key table → a key of ours. The secret is not known to either; its hash opens the key here as there. */

import type { JsonObject } from '../../core/json.ts';
import { KEY_TYPES, type KeyRecord } from '../../core/key.ts';
import { isSha256Hex, sha256Hex } from '../../core/key-secret.ts';
import { toUsd } from '../../core/money.ts';
import { buildBlankKey } from '../keys/merge-key-fields.ts';
import { readExtra, readStamps } from './map-owners.ts';
import type { RowReader } from './row-reader.ts';

/** The same for the same key whenever it is taken over, so that a second time finds it, whatever became of it. */
function takenKeyId(hash: string): string {
  return `key_${sha256Hex(`litellm ${hash}`).slice(0, 32)}`;
}

/** Undefined: it cannot be a key here. `place`: of several keys with the same alias this is the n-th. */
export function mapKey(row: RowReader, hash: string, nowMs: number, place: number): KeyRecord | undefined {
  if (!isSha256Hex(hash)) {
    row.note('token', 'is no SHA-256, so no secret can open it', 'row');
    return undefined;
  }
  let alias = row.text('key_alias');
  if (alias !== null && place > 1) {
    row.note('key_alias', 'an older key has the same alias, which is unique here; this one goes without');
    alias = null;
  }
  const stamps = readStamps(row, nowMs);
  const mask = row.text('key_name');
  const identity = { keyId: takenKeyId(hash), hash, mask, createdBy: stamps.createdBy, nowMs };
  const limits = row.budgetLimits('budget_limits').map(({ budgetDuration, maxBudgetNanoUsd }) => {
    return { budget_duration: budgetDuration, max_budget: toUsd(maxBudgetNanoUsd) };
  });
  return {
    ...buildBlankKey(identity),
    ...stamps,
    alias,
    userId: row.text('user_id'),
    teamId: row.text('team_id'),
    organizationId: row.text('organization_id'),
    budgetId: row.text('budget_id'),
    models: row.texts('models', 'no-default-models'),
    aliases: row.names('aliases'),
    maxBudgetNanoUsd: row.ceiling('max_budget'),
    softBudgetNanoUsd: row.ceiling('soft_budget'),
    budgetDuration: row.duration('budget_duration'),
    modelMaxBudget: row.modelBudgets('model_max_budget'),
    rpmLimit: row.count('rpm_limit'),
    tpmLimit: row.count('tpm_limit'),
    maxParallelRequests: row.count('max_parallel_requests'),
    metadata: row.object('metadata'),
    permissions: row.object('permissions'),
    config: row.object('config'),
    allowedCacheControls: row.texts('allowed_cache_controls'),
    allowedRoutes: row.texts('allowed_routes', '/none'),
    blocked: row.flag('blocked'),
    expiresAtMs: row.time('expires'),
    lastActiveAtMs: row.time('last_active'),
    rotationCount: row.count('rotation_count') ?? 0,
    lastRotationAtMs: row.time('last_rotation_at'),
    ...readRotation(row),
    extra: {
      ...readExtra(row, {
        texts: ['policies', 'access_group_ids'],
        objects: ['router_settings', 'budget_fallbacks'],
        names: ['project_id', 'agent_id'],
      }),
      ...readKeyType(row),
      ...(limits.length === 0 ? {} : { budget_limits: limits }),
    },
  };
}

/** Only tells what `allowed_routes` came from, which hold by themselves. */
function readKeyType(row: RowReader): JsonObject {
  const type = row.text('key_type');
  if (type === null) return {};
  if (KEY_TYPES.some((known) => known === type)) return { key_type: type };
  row.note('key_type', `${type} is no type of key here; what the key may call is what its allowed_routes say`);
  return {};
}

function readRotation(row: RowReader): Pick<KeyRecord, 'autoRotate' | 'rotationInterval' | 'keyRotationAtMs'> {
  const rotationInterval = row.duration('rotation_interval');
  const keyRotationAtMs = row.time('key_rotation_at');
  const autoRotate = row.flag('auto_rotate') === true && rotationInterval !== null;
  return { autoRotate, rotationInterval, keyRotationAtMs: autoRotate ? keyRotationAtMs : null };
}
