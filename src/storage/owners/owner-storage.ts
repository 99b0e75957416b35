/**
 * What storage offers about owners, as types. Reads take a `Scope`, since whose rows may be seen is decided in the query
 * and nowhere else. Writes happen in `transact`: everything that one act changes is one transaction, with its audit rows
 * and its change events.
 */
import type { QueuedAlert } from '../../core/alert-routing.ts';
import type { AuditEntry } from '../../core/audit.ts';
import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import type { Standing } from '../../core/call-path.ts';
import type { KeyRecord, KeySecret } from '../../core/key.ts';
import type { KeyAddress } from '../../core/key-address.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import type {
  BudgetRecord,
  EndUserRecord,
  OrganizationMemberRecord,
  OrganizationRecord,
  TagRecord,
  TeamMemberRecord,
  TeamRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import type { Scope } from '../../core/scope.ts';
import type { RateSum } from '../../core/throughput.ts';
import type { PasswordWriter, SessionWriter } from '../sessions/session-storage.ts';

/** A list of records: filters are joined by AND, a list of values by OR. */
export interface RecordQuery<R> {
  scope: Scope;
  /** Field → what it must be; null: not set. An empty list matches nothing. */
  where?: { readonly [F in keyof R]?: R[F] | readonly R[F][] };
  /** Case-insensitive substring of the fields that the table searches. */
  search?: string;
  /** Field → text that is a part of it, upper and lower case being the same. */
  contains?: { readonly [F in keyof R]?: string };
  /** Default: living records only. */
  deleted?: boolean;
  /** A field; `spend` of an owner goes by its whole life, whatever its budget window. Default: when it was made. */
  sortBy?: (keyof R & string) | 'spend';
  sortOrder?: 'asc' | 'desc';
  limit: number;
  offset: number;
}

/** Reads of one table. Deleted records are found only where it says so. */
export interface RecordReader<R> {
  find(key: readonly string[], options?: { includeDeleted?: boolean }): Promise<R | undefined>;
  /** Those that exist, in no order. One query, whatever the number. For tables whose key is one field. */
  findMany(ids: readonly string[], options?: { includeDeleted?: boolean }): Promise<R[]>;
  /** Records without a value to sort by come last in either direction. */
  list(query: RecordQuery<R>): Promise<{ records: R[]; total: number }>;
}

/** The same table inside a transaction. What is read is locked against others until its end. */
export interface RecordWriter<R> {
  find(key: readonly string[]): Promise<R | undefined>;
  /** Living records with these values, locked too. */
  findWhere(where: { readonly [F in keyof R]?: R[F] | readonly R[F][] }): Promise<R[]>;
  /** False: the id is taken by a living record. One that was deleted gives way. */
  insert(record: R): Promise<boolean>;
  update(record: R): Promise<void>;
}

export interface RateQuery {
  owner: { kind: 'team' | 'organization'; id: string };
  /** The key that asks; it is not counted. */
  exceptKeyId: string;
  /** Each is answered, in order. */
  sums: readonly RateSum[];
}

/** Everything that one act may change, in one transaction. Conflicts with unique names end it: see `TransactResult`. */
export interface WriteUnit {
  readonly nowMs: number;
  users: RecordWriter<UserRecord>;
  teams: RecordWriter<TeamRecord>;
  organizations: RecordWriter<OrganizationRecord>;
  endUsers: RecordWriter<EndUserRecord>;
  tags: RecordWriter<TagRecord>;
  budgets: RecordWriter<BudgetRecord>;
  /** For limits that may change at any moment anyhow: a row that many are linked to is not locked. Of null: none. */
  readBudget(id: string | null): Promise<BudgetRecord | null>;
  models: RecordWriter<ModelRecord>;
  teamMembers: RecordWriter<TeamMemberRecord>;
  organizationMembers: RecordWriter<OrganizationMemberRecord>;
  keys: {
    /** Living keys in the order asked, locked. */
    findMany(addresses: readonly KeyAddress[]): Promise<(KeyRecord | undefined)[]>;
    /** All living keys of these owners, locked. */
    ofOwners(owners: {
      userIds?: readonly string[];
      teamIds?: readonly string[];
      organizationIds?: readonly string[];
    }): Promise<KeyRecord[]>;
    /** What the living keys of an owner may use up together; not locked. */
    sumRates(query: RateQuery): Promise<number[]>;
    /** `previous`: a secret that the key had before it came here, and that opens it for a while yet. */
    insert(key: KeyRecord, previous?: KeySecret | null): Promise<void>;
    /** The row as it is to be; its secret stays. */
    update(key: KeyRecord): Promise<void>;
    /** Soft deletion: no secret of it works from the commit on. */
    remove(key: KeyRecord, deleted: { atMs: number; by: string }): Promise<void>;
  };
  sessions: SessionWriter;
  passwords: PasswordWriter;
  adjust(adjustments: readonly BalanceAdjustment[]): Promise<void>;
  audit(entries: readonly AuditEntry[]): Promise<void>;
  /** Messages to people, sent once the transaction is committed. */
  tell(alerts: readonly QueuedAlert[]): Promise<void>;
}

export type UniqueField = 'key_alias' | 'key' | 'user_email' | 'id';

/** Conflicts are values: the caller words them. Nothing has been written then. */
export type TransactResult<T> = { kind: 'done'; value: T } | { kind: 'conflict'; field: UniqueField };

/**
 * Runs `act` in one transaction. A throw rolls back and passes through. Should the database end the transaction because
 * of another one, `act` runs again with the rows as they are then, so it must not keep anything from its first run.
 */
export type Transact = <T>(act: (unit: WriteUnit) => Promise<T>) => Promise<TransactResult<T>>;

export interface OwnerReaders {
  users: RecordReader<UserRecord>;
  teams: RecordReader<TeamRecord>;
  organizations: RecordReader<OrganizationRecord>;
  endUsers: RecordReader<EndUserRecord>;
  tags: RecordReader<TagRecord>;
  budgets: RecordReader<BudgetRecord>;
  models: RecordReader<ModelRecord>;
  teamMembers: RecordReader<TeamMemberRecord>;
  organizationMembers: RecordReader<OrganizationMemberRecord>;
}

/** The parts of a key that lead to its owners. */
export type OwnerLinks = Pick<KeyRecord, 'userId' | 'teamId' | 'organizationId' | 'budgetId'>;

/**
 * Look-ups on the hot path: synchronous when cached, and true to the last committed change of this process (of others as
 * soon as the change feed is read). Limits of linked budget rows are filled in. Null: there is no such record.
 */
export interface OwnerCache {
  standingOf(links: OwnerLinks): Standing | Promise<Standing>;
  /**
   * `budgetId`: the row whose limits hold for one that names none itself, in place of the configuration's, which holds where
   * there is no such row.
   */
  endUser(id: string, budgetId?: string): EndUserRecord | null | Promise<EndUserRecord | null>;
  /** That row: what end users may use up who are not known yet. */
  endUserBudget(budgetId?: string): BudgetRecord | null | Promise<BudgetRecord | null>;
  tag(id: string): TagRecord | null | Promise<TagRecord | null>;
}
