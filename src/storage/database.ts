/**
 * The tables as Kysely sees them: snake_case columns, and only what both databases can hold. JSON is text, booleans are
 * 0 and 1, money is whole nano-dollars, times are milliseconds since 1970. The migrations are the same thing in SQL.
 */
import type { Generated } from 'kysely';
import type { KeyGroupKind } from './keys/key-groups.ts';

export interface KeysTable {
  key_id: string;
  hash: string;
  mask: string | null;
  alias: string | null;
  user_id: string | null;
  team_id: string | null;
  organization_id: string | null;
  budget_id: string | null;
  models: string;
  aliases: string;
  max_budget_nano_usd: number | null;
  soft_budget_nano_usd: number | null;
  budget_duration: string | null;
  budget_mode: string | null;
  model_max_budget: string;
  rpm_limit: number | null;
  tpm_limit: number | null;
  max_parallel_requests: number | null;
  metadata: string;
  permissions: string;
  config: string;
  allowed_cache_controls: string;
  allowed_routes: string;
  allowed_ips: string;
  blocked: number | null;
  expires_at_ms: number | null;
  created_at_ms: number;
  created_by: string;
  updated_at_ms: number;
  updated_by: string;
  governed_by: string | null;
  last_active_at_ms: number | null;
  rotation_count: number;
  last_rotation_at_ms: number | null;
  auto_rotate: number;
  rotation_interval: string | null;
  key_rotation_at_ms: number | null;
  rotation_claim_until_ms: number | null;
  rotation_overdue: number;
  extra: string;
  deleted_at_ms: number | null;
  deleted_by: string | null;
  /** Alias, key_id, mask and user id in lower case, one a line: what the search of a key list looks through. */
  search_text: string;
}

/** Every secret that a key ever had. Rows are never deleted, so a hash cannot come back as another key. */
export interface KeySecretsTable {
  hash: string;
  key_id: string;
  created_at_ms: number;
  revoked_at_ms: number | null;
  /** Set once another secret has replaced this one. */
  mask: string | null;
  last_used_at_ms: number | null;
  calls: Generated<number>;
}

/** metadata.tags, one row a tag. */
export interface KeyTagsTable {
  key_id: string;
  tag: string;
}

/** The project and the access groups of keys, one row each. */
export interface KeyGroupsTable {
  kind: KeyGroupKind;
  value: string;
  key_id: string;
}

export interface IdempotencyTable {
  id: string;
  body_hash: string;
  nonce: string;
  key_id: string;
  secret_hash: string;
  expires_at_ms: number;
}

/** Rows are added and never changed. `hash` covers all columns but `mac`; see core/audit-chain.ts. */
export interface AuditLogTable {
  seq: number;
  id: string;
  at_ms: number;
  action: string;
  table_name: string;
  object_id: string;
  object_key_id: string | null;
  object_name: string | null;
  changed_by: string;
  changed_by_hash: string;
  caller_kind: string;
  caller_user_id: string | null;
  caller_key_id: string | null;
  caller_session_id: string | null;
  request_id: string;
  source_ip: string | null;
  user_agent: string | null;
  route: string | null;
  before: string | null;
  after: string | null;
  prev_hash: string;
  hash: string;
  mac: string | null;
}

/** One row: where the audit log ends. Whoever adds to the log holds it locked. */
export interface AuditHeadTable {
  name: string;
  seq: number;
  hash: string;
  mac: string | null;
}

/** The change feed. `body` is the event without its seq. */
export interface ChangesTable {
  seq: Generated<number>;
  kind: string;
  body: string;
  at_ms: number;
}

/** The processes that serve from this database. Times are the database's own. */
export interface ProcessesTable {
  id: string;
  host: string;
  pid: number;
  /** What tells another process on the same host that this one has ended. */
  identity: string;
  started_at_ms: number;
  heartbeat_at_ms: number;
  /** Every change up to here that had been committed when it last looked has been acted on there. */
  feed_position: number;
}

export interface SettingsTable {
  name: string;
  value: string;
  updated_at_ms: number;
}

export interface SessionsTable {
  id: string;
  /** SHA-256 of the token. */
  hash: string;
  kind: string;
  user_id: string;
  credential_hash: string | null;
  created_at_ms: number;
  expires_at_ms: number;
  last_seen_at_ms: number;
  ended_at_ms: number | null;
  source_ip: string | null;
  user_agent: string | null;
}

export interface UserPasswordsTable {
  user_id: string;
  /** argon2id, in PHC form. */
  hash: string;
  changed_at_ms: number;
}

/** The ledger's rows: what is looked for or added up, and the whole. Written by the ledger. */
export interface SpendLogsTable {
  /** SQLite only: the row's number, in the order of arrival. */
  seq: Generated<number>;
  request_id: string;
  response_id: string | null;
  status: string;
  started_at_ms: number;
  key_id: string | null;
  key_hash: string;
  user_id: string | null;
  team_id: string | null;
  organization_id: string | null;
  end_user: string | null;
  model: string;
  spend_nano_usd: number;
  /** The record as a list of its values (see core/record-row.ts), in the database's binary form of JSON. */
  record: unknown;
}

export interface BalancesTable {
  counter: string;
  nano_usd: number;
  /** Set on the lifetime balance of a key, which is there from the key's first moment: lists sort by it. */
  key_id: string | null;
}

export interface BalanceAdjustmentsTable {
  id: string;
  counter: string;
  delta_nano_usd: number;
  reason: string;
  at_ms: number;
}

/** Sums per day and owner. '' stands for none, so that all of it can be the primary key. */
export interface DailySpendTable {
  day: string;
  key_id: string;
  key_hash: string;
  user_id: string;
  team_id: string;
  organization_id: string;
  end_user: string;
  model: string;
  model_group: string;
  provider: string;
  /** Names `tags`; see core/rollup-names.ts. */
  tag_set: string;
  /** The calls' tags as a JSON list; '' without tags. Not part of the key. */
  tags: string;
  calls: number;
  failures: number;
  prompt_tokens: number;
  completion_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  spend_nano_usd: number;
}

export interface DailyTagSpendTable {
  day: string;
  tag: string;
  calls: number;
  spend_nano_usd: number;
}

/** Messages to people. A row stays for as long as the same alert is not to be sent again. */
export interface AlertsTable {
  id: string;
  channel: string;
  /** The address of a mail; '' elsewhere. */
  recipient: string;
  state: 'pending' | 'delivered' | 'failed';
  /** The event as JSON; null once nobody has to send it any more. */
  event: string | null;
  sealed_secret: string | null;
  attempts: number;
  /** When it is to be sent; while somebody is at it, when another one may try. */
  next_at_ms: number;
  created_at_ms: number;
  done_at_ms: number | null;
  /** Null: for ever. */
  keep_until_ms: number | null;
}

export interface Database {
  keys: KeysTable;
  key_secrets: KeySecretsTable;
  key_tags: KeyTagsTable;
  key_groups: KeyGroupsTable;
  idempotency: IdempotencyTable;
  audit_log: AuditLogTable;
  audit_head: AuditHeadTable;
  changes: ChangesTable;
  processes: ProcessesTable;
  settings: SettingsTable;
  sessions: SessionsTable;
  user_passwords: UserPasswordsTable;
  spend_logs: SpendLogsTable;
  balances: BalancesTable;
  balance_adjustments: BalanceAdjustmentsTable;
  daily_spend: DailySpendTable;
  daily_tag_spend: DailyTagSpendTable;
  alerts: AlertsTable;
}

/** Which database is behind a Kysely instance, for the few statements that cannot be the same in both. */
export type DialectName = 'sqlite' | 'postgres';
