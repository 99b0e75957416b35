/**
 * What storage offers to the rest, as types. One implementation (Kysely) runs on SQLite and on PostgreSQL; the split
 * into stores is so that a verb can ask for the two functions that it uses (`Pick<KeyStore, 'find' | 'change'>`).
 *
 * Every method that writes does all of it in one transaction: rows, audit row, change-feed row. The change event
 * reaches the listeners of this process before the returned promise resolves.
 * A database that cannot be reached is a GatewayError `database_unavailable`, never an empty answer.
 */
import type { QueuedAlert } from '../core/alert-routing.ts';
import type { AuditEntry } from '../core/audit.ts';
import type { AuditEnd, AuditLink } from '../core/audit-chain.ts';
import type { BalanceAdjustment } from '../core/balance-adjustment.ts';
import type { ChangeEvent } from '../core/change-event.ts';
import type { KeyRecord, KeySecret } from '../core/key.ts';
import type { KeyAddress } from '../core/key-address.ts';
import type { KeyStatus } from '../core/key-standing.ts';
import type { Scope } from '../core/scope.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import type { AlertStore } from './alerts/alert-storage.ts';
import type { OwnerCache, OwnerReaders, Transact, WriteUnit } from './owners/owner-storage.ts';
import type { SessionCache, SessionStore } from './sessions/session-storage.ts';
import type { SpendPage, SpendQuery } from './spend-query.ts';
import type { UsageReader } from './usage-storage.ts';

/** A key together with the secret that opened it. */
export interface ActiveKey {
  key: KeyRecord;
  secret: KeySecret;
}

/** Remembers that a request with an idempotency key has been carried out, until `expiresAtMs`. */
export interface IdempotencyNote {
  /** Hash over caller, route and the caller's idempotency key. */
  id: string;
  /** Hash of the request body: the same idempotency key with another body is a conflict. */
  bodyHash: string;
  /** Input to the secret's derivation, so that a retry can be shown the same secret without its being stored. */
  nonce: string;
  keyId: string;
  secretHash: string;
  expiresAtMs: number;
}

/** What a key can be linked to, as the transaction that writes it sees it. */
export type KeyLinkReaders = Pick<
  WriteUnit,
  'nowMs' | 'budgets' | 'readBudget' | 'organizations' | 'teams' | 'users'
> & {
  keys: Pick<WriteUnit['keys'], 'sumRates'>;
};

/**
 * Looks at the owners inside the transaction that writes a key, and throws where it may not be written. `before`: the key as
 * it was; null: it is new.
 */
export type AssertLinks = (owners: KeyLinkReaders, next: KeyRecord, before: KeyRecord | null) => Promise<void>;

export interface NewKeyRows {
  key: KeyRecord;
  assertLinks?: AssertLinks;
  adjustments: readonly BalanceAdjustment[];
  audit: AuditEntry;
  alerts?: readonly QueuedAlert[];
  idempotency: IdempotencyNote | null;
}

/** Conflicts are values: the caller words them. Nothing has been written then. */
export type InsertKeyResult =
  | { kind: 'inserted' }
  | { kind: 'conflict'; field: 'key_alias' | 'key' | 'idempotency_key' };

/** What a change function decides, given the current row inside the transaction. */
export interface KeyChange {
  next: KeyRecord;
  /** Given: the secret is replaced by `next.hash`; the old one dies at this moment (≤ now: at once). */
  oldSecretRevokedAtMs?: number;
  /** True: `next.hash` is an earlier secret that still works. It has no end any more, and the present one dies at once. */
  restoresSecret?: true;
  adjustments?: readonly BalanceAdjustment[];
  audit: AuditEntry;
  alerts?: readonly QueuedAlert[];
  idempotency?: IdempotencyNote | null;
}

export type ChangeKeyResult =
  | { kind: 'changed'; before: KeyRecord; after: KeyRecord }
  | { kind: 'not_found' }
  | { kind: 'conflict'; field: 'key_alias' | 'key' | 'idempotency_key' };

export type KeySortField =
  | 'spend'
  | 'max_budget'
  | 'created_at'
  | 'updated_at'
  | 'token'
  | 'key_alias'
  | 'key_name'
  | 'expires'
  | 'last_active';

/** All that is given has to match, and nothing outside of `scope` ever does. */
export interface KeyListQuery {
  scope: Scope;
  page: number;
  size: number;
  userId?: string;
  /** Keys that `userId` made, for whomever, match it as well. */
  alsoCreatedByUser?: boolean;
  /** Keys of these teams match `userId` as well. */
  alsoOfTeamIds?: readonly string[];
  teamId?: string;
  organizationId?: string;
  budgetId?: string;
  /** Exact. */
  alias?: string;
  /** True: keys that have an alias; text: those whose alias holds it, upper and lower case being the same. */
  withAlias?: true | string;
  hash?: string;
  keyId?: string;
  createdBy?: string;
  /** Case-insensitive substring of alias, key_id, mask or user id. */
  search?: string;
  /** Substring of the user's id, upper and lower case being the same. */
  userIdPart?: string;
  /** `active`: neither deleted, blocked nor expired. Absent: all that are not deleted. */
  status?: KeyStatus;
  tag?: string;
  projectId?: string;
  /** One of the key's access groups. */
  accessGroupId?: string;
  expiresBeforeMs?: number;
  expiresAfterMs?: number;
  /** Keys that have not expired, blocked or not. */
  unexpired?: true;
  /** Over the key's whole life, whatever its budget window; what `sortBy: 'spend'` goes by. Included. */
  minSpendNanoUsd?: number;
  /** Included. */
  maxSpendNanoUsd?: number;
  lastActiveBeforeMs?: number;
  lastActiveAfterMs?: number;
  /** True: keys that nobody has ever called with; false: all others. */
  neverUsed?: boolean;
  sortBy: KeySortField;
  sortOrder: 'asc' | 'desc';
  nowMs: number;
}

export interface SecretUse {
  /** The newest of the calls. */
  atMs: number;
  calls: number;
}

/** A secret that opens its key, and who uses it still. */
export interface WorkingSecretRow {
  hash: string;
  /** Null for the current one, whose mask the key has, and for those replaced before masks were kept. */
  mask: string | null;
  /** Null for the current one. */
  revokedAtMs: number | null;
  lastUsedAtMs: number | null;
  calls: number;
}

export interface KeyListPage {
  keys: KeyRecord[];
  /** How many match. */
  total: number;
  /** False: there are at least so many, and more have not been counted. */
  isTotalExact: boolean;
}

export interface KeyStore {
  insert(rows: NewKeyRows): Promise<InsertKeyResult>;
  /** Live keys by any address; deleted ones too by key_id or hash when `includeDeleted`. Read from the database, not from a cache. */
  find(address: KeyAddress, options?: { includeDeleted?: boolean }): Promise<KeyRecord | undefined>;
  /** In the order asked; undefined where there is none. One query per kind of address, not per key. */
  findMany(addresses: readonly KeyAddress[]): Promise<(KeyRecord | undefined)[]>;
  /** For authentication: the key whose live or grace-period secret has this hash. */
  findBySecretHash(hash: string): Promise<ActiveKey | undefined>;
  findIdempotency(id: string, nowMs: number): Promise<IdempotencyNote | undefined>;
  /**
   * Reads the row for update, asks `decide`, writes what it returns. A throw of `decide` rolls back and passes through.
   * Should the database end the transaction because of another one, `decide` is asked again with the row as it is then.
   * `assertLinks` is asked about what it returns, and passes its throw through as well.
   */
  change(
    address: KeyAddress,
    decide: (current: KeyRecord) => KeyChange,
    assertLinks?: AssertLinks,
  ): Promise<ChangeKeyResult>;
  /** Soft-deletes all or none. `decide` sees each live row and returns its audit entry, or throws to refuse. */
  remove(
    addresses: readonly KeyAddress[],
    deleted: { atMs: number; by: string },
    decide: (current: KeyRecord) => AuditEntry,
  ): Promise<{ kind: 'removed'; keys: KeyRecord[] } | { kind: 'not_found'; missing: number[] }>;
  /** Keys without a value to sort by come last in either direction. */
  list(query: KeyListQuery): Promise<KeyListPage>;
  /** How many keys each of these teams has that are not deleted; none without keys. */
  countByTeam(teamIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** How many living keys name this budget row for their customers (`metadata.end_user_budget_id`). Looks through all of them. */
  countLending(budgetId: string): Promise<number>;
  /** How many living keys within the scope each of these users has; whoever has none is left out. */
  countByUser(userIds: readonly string[], scope: Scope): Promise<ReadonlyMap<string, number>>;
  /** Keys in use whose rotation on a timer is to be opened, or has not been claimed in time, those due first. */
  findDueRotations(nowMs: number, limit: number): Promise<KeyRecord[]>;
  /** The secrets that open a key at this moment, the current one first. */
  workingSecrets(keyId: string): Promise<WorkingSecretRow[]>;
  /** Debounced by the caller, as `touch`: calls are added, by hash of their secret. */
  addSecretUses(uses: ReadonlyMap<string, SecretUse>): Promise<void>;
  /** Debounced by the caller. No audit, no change event. */
  touch(lastActive: ReadonlyMap<string, number>): Promise<void>;
}

/** Look-ups on the hot path: synchronous when cached. Unknown hashes are remembered for a short while. */
export interface KeyCache {
  lookup(hash: string): ActiveKey | undefined | Promise<ActiveKey | undefined>;
}

/** An entry and its place in the chain. */
export type ChainedEntry = AuditEntry & AuditLink;

/** All that is given has to match. */
export interface AuditFilter {
  /** For a key any of the hashes that it ever had, or its key_id: its rows under every hash are found. */
  objectId?: string | undefined;
  action?: string | undefined;
  tableName?: string | undefined;
  changedBy?: string | undefined;
  changedByHash?: string | undefined;
  fromMs?: number | undefined;
  /** Exclusive. */
  toMs?: number | undefined;
}

export type AuditSortField = 'at_ms' | 'action' | 'table_name' | 'object_id' | 'changed_by' | 'changed_by_hash';

export interface AuditStore {
  /** For acts that change no other row (a refused attempt). */
  append(entry: AuditEntry): Promise<void>;
  /** Newest first, unless it says otherwise. Where `isTotalExact` is false, there are more than `total`. */
  list(
    query: AuditFilter & { page: number; pageSize: number; sortBy?: AuditSortField; sortOrder?: 'asc' | 'desc' },
  ): Promise<{ rows: ChainedEntry[]; total: number; isTotalExact: boolean }>;
  find(id: string): Promise<ChainedEntry | undefined>;
  /** Everything that there is now and matches, oldest first, up to `limit` rows at a time; some pages may be empty. */
  readAll(filter: AuditFilter, limit: number): AsyncIterable<ChainedEntry[]>;
  /** Undefined: somebody has taken the head away. */
  end(): Promise<AuditEnd | undefined>;
}

export type { SpendPage, SpendQuery, SpendSort } from './spend-query.ts';

/** A ledger row as reports see it: all but the balances that it moved. */
export type SpendRow = Omit<SpendRecord, 'balances'>;

export interface DailySpend {
  /** YYYY-MM-DD, UTC. */
  day: string;
  keyId: string | null;
  keyHash: string;
  userId: string | null;
  model: string;
  spendNanoUsd: number;
}

/** What calls with a tag came to, and on which days (`2026-01-31`) it was carried first and last. */
export interface TagSum {
  tag: string;
  calls: number;
  spendNanoUsd: number;
  firstDay: string;
  lastDay: string;
}

/** Reads over the ledger's rows, rollups and balances. */
export interface SpendReader {
  rows(query: SpendQuery, page: SpendPage): Promise<SpendRow[]>;
  /**
   * How many calls match among the latest `atMost` that an index finds (by owner, model, failure or time), as a month may
   * hold millions and nobody reads so far. `isWhole`: there are none beyond these.
   */
  count(query: SpendQuery, atMost: number): Promise<{ count: number; isWhole: boolean }>;
  /** From the daily rollup. */
  daily(query: Pick<SpendQuery, 'keyId' | 'userId' | 'fromMs' | 'toMs'>): Promise<DailySpend[]>;
  byTag(range: { fromMs?: number; toMs?: number }): Promise<TagSum[]>;
  byModel(limit: number): Promise<{ model: string; spendNanoUsd: number }[]>;
  /** Calls that belong to no user are left out. With `userId`, of that user alone. */
  byUser(limit: number, userId?: string): Promise<{ userId: string; spendNanoUsd: number }[]>;
  /** Calls on nobody's behalf are left out. A key by its immutable id, or by the hash it called with. */
  byEndUser(
    query: Pick<SpendQuery, 'keyId' | 'keyHash' | 'fromMs' | 'toMs'>,
    limit: number,
  ): Promise<{ endUser: string; calls: number; spendNanoUsd: number }[]>;
  byKey(
    limit: number,
  ): Promise<
    { keyId: string; keyHash: string; keyAlias: string | null; keyMask: string | null; spendNanoUsd: number }[]
  >;
  total(): Promise<number>;
  /** Counter id → nano-dollars, as far as shipped; counters never charged are absent. */
  balances(counters: readonly string[]): Promise<Map<string, number>>;
}

/** Small named values of the installation (the hash of a generated master key, …). */
export interface SettingStore {
  get(name: string): Promise<string | undefined>;
  /** Writes it where it is not set yet. Returns what is set then: of several who try at once, one's value. */
  add(name: string, value: string, audit: AuditEntry): Promise<string>;
  /** Writes and puts a `setting` event in the change feed. */
  set(name: string, value: string, audit: AuditEntry): Promise<void>;
}

export interface ChangeFeed {
  /** Called in commit order. Returns the function that ends the subscription. A listener must not throw. */
  subscribe(listener: (event: ChangeEvent) => void): () => void;
  /** Looks for events that other processes have committed; done on a timer by jobs/. */
  poll(): Promise<void>;
  /** Sequence number up to which events have been heard. */
  position(): number;
}

export interface Storage {
  keys: KeyStore;
  keyCache: KeyCache;
  owners: OwnerReaders;
  ownerCache: OwnerCache;
  transact: Transact;
  audit: AuditStore;
  spend: SpendReader;
  usage: UsageReader;
  settings: SettingStore;
  sessions: SessionStore;
  sessionCache: SessionCache;
  changes: ChangeFeed;
  alerts: AlertStore;
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
