/** Rows for the tests of storage: everything that a test does not care about is filled in. */
import type { AuditEntry } from '../../core/audit.ts';
import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import type { KeyRecord } from '../../core/key.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import type {
  EndUserRecord,
  OrganizationMemberRecord,
  OrganizationRecord,
  Stamps,
  TagRecord,
  TeamMemberRecord,
  TeamRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import type { IdempotencyNote, KeyListQuery, NewKeyRows } from '../storage.ts';

export const NOW_MS = Date.UTC(2026, 0, 15, 12);

let lastNumber = 0;

/** Unique in this process: `prefix-1`, `prefix-2`, … */
export function nextName(prefix: string): string {
  return `${prefix}-${++lastNumber}`;
}

export function buildKey(fields: Partial<KeyRecord> = {}): KeyRecord {
  const number = ++lastNumber;
  return {
    keyId: `key_${String(number).padStart(22, '0')}`,
    hash: sha256Hex(`secret ${number}`),
    mask: `sk-...${String(number).padStart(4, '0')}`,
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
    metadata: {},
    permissions: {},
    config: {},
    allowedCacheControls: [],
    allowedRoutes: [],
    allowedIps: [],
    blocked: null,
    expiresAtMs: null,
    createdAtMs: NOW_MS + number,
    createdBy: 'admin',
    updatedAtMs: NOW_MS + number,
    updatedBy: 'admin',
    governedBy: null,
    lastActiveAtMs: null,
    rotationCount: 0,
    lastRotationAtMs: null,
    autoRotate: false,
    rotationInterval: null,
    keyRotationAtMs: null,
    rotationClaimUntilMs: null,
    rotationOverdue: false,
    extra: {},
    deletedAtMs: null,
    deletedBy: null,
    ...fields,
  };
}

export function buildAudit(fields: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: nextName('audit'),
    atMs: NOW_MS,
    action: 'created',
    tableName: 'keys',
    objectId: 'key_x',
    objectKeyId: null,
    objectName: null,
    before: null,
    after: null,
    changedBy: 'admin',
    changedByHash: 'f00d',
    callerKind: 'master_key',
    callerUserId: null,
    callerKeyId: null,
    callerSessionId: null,
    requestId: 'request-1',
    sourceIp: null,
    userAgent: null,
    route: null,
    ...fields,
  };
}

export function buildAdjustment(counter: string, deltaNanoUsd: number): BalanceAdjustment {
  return { id: nextName('adjustment'), counter, deltaNanoUsd, reason: 'spend_set', atMs: NOW_MS };
}

export function buildNote(fields: Partial<IdempotencyNote> = {}): IdempotencyNote {
  return {
    id: nextName('note'),
    bodyHash: 'body',
    nonce: 'nonce',
    keyId: 'key_x',
    secretHash: 'hash',
    expiresAtMs: NOW_MS + 60_000,
    ...fields,
  };
}

export function buildNewKey(fields: Partial<KeyRecord> = {}, rows: Partial<NewKeyRows> = {}): NewKeyRows {
  const key = buildKey(fields);
  return { key, adjustments: [], audit: buildAudit({ objectId: key.keyId }), idempotency: null, ...rows };
}

export function buildListQuery(fields: Partial<KeyListQuery> = {}): KeyListQuery {
  return { scope: 'all', page: 1, size: 10, sortBy: 'created_at', sortOrder: 'asc', nowMs: NOW_MS, ...fields };
}

const STAMPS: Stamps = {
  createdAtMs: NOW_MS,
  createdBy: 'admin',
  updatedAtMs: NOW_MS,
  updatedBy: 'admin',
  deletedAtMs: null,
  deletedBy: null,
};

const OWNER = { ...NO_LIMITS, ...STAMPS, alias: null, budgetId: null, models: [], metadata: {}, extra: {}, blocked: false };

export function buildUser(fields: Partial<UserRecord> = {}): UserRecord {
  return { ...OWNER, id: nextName('user'), email: null, role: 'internal_user', ...fields };
}

export function buildTeam(fields: Partial<TeamRecord> = {}): TeamRecord {
  const nothing = { organizationId: null, modelAliases: {}, memberPermissions: null };
  return { ...OWNER, id: nextName('team'), ...nothing, ...fields };
}

export function buildMember(fields: Pick<TeamMemberRecord, 'teamId' | 'userId'> & Partial<TeamMemberRecord>) {
  return { ...NO_LIMITS, ...STAMPS, role: 'user', budgetId: null, models: [], metadata: {}, ...fields } satisfies TeamMemberRecord;
}

export function buildOrganization(fields: Partial<OrganizationRecord> = {}): OrganizationRecord {
  return { ...OWNER, id: nextName('org'), ...fields };
}

export function buildOrganizationMember(
  fields: Pick<OrganizationMemberRecord, 'organizationId' | 'userId'> & Partial<OrganizationMemberRecord>,
): OrganizationMemberRecord {
  return { ...STAMPS, role: 'internal_user', budgetId: null, ...fields };
}

export function buildEndUser(fields: Partial<EndUserRecord> = {}): EndUserRecord {
  return { ...OWNER, id: nextName('customer'), allowedModelRegion: null, defaultModel: null, ...fields };
}

export function buildTag(fields: Partial<TagRecord> = {}): TagRecord {
  return { ...OWNER, id: nextName('tag'), description: null, ...fields };
}
