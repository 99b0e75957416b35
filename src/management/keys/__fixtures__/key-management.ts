/** What the verbs' tests stand on: real storage, a clock that stands still until told, and countable randomness. */
import { createHash } from 'node:crypto';
import type { Actor, AuditEntry } from '../../../core/audit.ts';
import { createBudgetCalendar } from '../../../core/budget-window.ts';
import { NO_STANDING } from '../../../core/call-path.ts';
import { type Caller, toKeyCaller, toMasterCaller } from '../../../core/caller.ts';
import type { KnownRoute } from '../../../core/ceiling-terms.ts';
import { FREE_GENERATION } from '../../../core/key-generation-rules.ts';
import { NO_LIMITS } from '../../../core/limits.ts';
import { sha256Hex } from '../../../core/key-secret.ts';
import type { KeyRecord } from '../../../core/key.ts';
import { keySpendCounter } from '../../../core/key-spend-counter.ts';
import type { Storage } from '../../../storage/storage.ts';
import { SILENT } from '../../alerts/alert-management.ts';
import type { NewKey } from '../generate-key.ts';
import type { KeyManagement, KeySettings } from '../key-management.ts';

export const START_MS = Date.UTC(2026, 3, 1, 12);

export const ADMIN: Caller = toMasterCaller(sha256Hex('sk-master-of-the-tests'));

export const ACTOR: Actor = {
  changedBy: 'alice',
  changedByHash: ADMIN.secretHash,
  callerKind: 'master_key',
  callerUserId: ADMIN.userId,
  callerKeyId: null,
  callerSessionId: null,
  requestId: 'req-1',
  sourceIp: '127.0.0.1',
  userAgent: 'tests',
  route: 'POST /tests',
};

const SETTINGS: KeySettings = {
  defaults: {
    maxBudgetNanoUsd: null,
    budgetDuration: null,
    duration: null,
    maxParallelRequests: null,
    tpmLimit: null,
    rpmLimit: null,
    userId: null,
    teamId: null,
    models: [],
    metadata: {},
  },
  upperBounds: {
    maxBudgetNanoUsd: null,
    budgetDuration: null,
    duration: null,
    maxParallelRequests: null,
    tpmLimit: null,
    rpmLimit: null,
  },
  generation: FREE_GENERATION,
  strictAliases: false,
  disableKeyName: false,
  budgetMode: 'standard',
  rotationGracePeriod: null,
};

/** A key as caller: role `unknown`, as a key without a user row is. */
export function callerOf(key: KeyRecord): Caller {
  return toKeyCaller(key, key.hash, key.expiresAtMs, NO_STANDING);
}

export function newKey(over: Partial<NewKey> = {}): NewKey {
  return { fields: {}, secret: null, sendInviteEmail: false, inviteEmail: null, request: {}, idempotency: null, ...over };
}

export interface TestKeyManagement extends KeyManagement {
  clock: { nowMs: number };
  /** The audit rows about this hash. */
  auditOf(objectId: string): Promise<AuditEntry[]>;
  /** How many live keys and audit rows there are. */
  totals(): Promise<{ keys: number; auditRows: number }>;
}

/** One of each kind. */
const ROUTES: readonly KnownRoute[] = [
  { access: 'llm', scope: 'self', route: '/v1/chat/completions' },
  { access: 'info', scope: 'scoped', route: '/key/info' },
  { access: 'info', scope: 'self', route: '/key/health' },
  { access: 'management', scope: 'scoped', route: '/key/generate' },
  { access: 'management', scope: 'admin', route: '/model/new' },
];

/** Counts on from test to test, so that one storage serves a whole file. */
let serial = 0;

/** The clock is the one that storage was opened with. */
export function buildTestManagement(
  storage: Pick<Storage, 'keys' | 'audit' | 'spend' | 'owners' | 'ownerCache'>,
  clock: { nowMs: number },
  over: Partial<KeyManagement> & { settings?: KeySettings } = {},
): TestKeyManagement {
  const calendar = createBudgetCalendar({ timeZone: 'UTC' });
  const bytes = (text: string): Uint8Array => createHash('sha256').update(text).digest();
  const readCounters = async (counters: readonly string[]): Promise<number[]> => {
    const balances = await storage.spend.balances(counters);
    return counters.map((counter) => balances.get(counter) ?? 0);
  };
  return {
    keys: storage.keys,
    owners: storage.owners,
    standingOf: storage.ownerCache.standingOf,
    accessGroupsOf: () => [],
    routes: () => ROUTES,
    probeDestination: async () => ({ ok: true, error: null, tookMs: 0 }),
    mayCallRoute: (caller, { scope }) => scope !== 'admin' || caller.role === 'proxy_admin',
    clock,
    nowMs: () => clock.nowMs,
    randomBytes: (count) => bytes(`random ${serial++}`).subarray(0, count),
    newId: (prefix) => prefix + sha256Hex(`id ${serial++}`).slice(0, 22),
    readSpend: (keys) => readCounters(keys.map((key) => keySpendCounter(calendar, key, clock.nowMs))),
    readCounters,
    spendCounter: (key, nowMs, model) => keySpendCounter(calendar, key, nowMs, model),
    budgetWindow: (duration, nowMs) => calendar.windowAt(duration, nowMs),
    deriveSecrets: (nonce, note) => [bytes(`derived ${nonce} ${note}`)],
    isKnownModel: (name) => ['gpt-4', 'gpt-5'].includes(name),
    customKeyGenerate: null,
    alerts: SILENT,
    settings: SETTINGS,
    auditOf: async (objectId) => (await storage.audit.list({ objectId, page: 1, pageSize: 100 })).rows,
    totals: async () => {
      const page = { scope: 'all', page: 1, size: 1, sortBy: 'created_at', sortOrder: 'asc', nowMs: 0 } as const;
      const keys = await storage.keys.list(page);
      return { keys: keys.total, auditRows: (await storage.audit.list({ page: 1, pageSize: 1 })).total };
    },
    ...over,
  };
}

export function settingsWith(over: Partial<KeySettings>): KeySettings {
  return { ...SETTINGS, ...over };
}

export { SETTINGS as PLAIN_SETTINGS };

const STAMPS = { createdAtMs: 1, createdBy: 'seed', updatedAtMs: 1, updatedBy: 'seed', deletedAtMs: null, deletedBy: null };

/** Teams, an organisation and a budget row of these names. */
export async function seedOwners(
  storage: Pick<Storage, 'transact'>,
  { teams = [], organizations = [], budgets = [] }: Partial<Record<'teams' | 'organizations' | 'budgets', string[]>>,
): Promise<void> {
  const owner = { ...NO_LIMITS, ...STAMPS, alias: null, budgetId: null, models: [], metadata: {}, extra: {}, blocked: false };
  await storage.transact(async (unit) => {
    for (const id of teams) {
      await unit.teams.insert({ ...owner, id, organizationId: null, modelAliases: {}, memberPermissions: null });
    }
    for (const id of organizations) await unit.organizations.insert({ ...owner, id });
    for (const id of budgets) await unit.budgets.insert({ ...NO_LIMITS, ...STAMPS, id });
  });
}
