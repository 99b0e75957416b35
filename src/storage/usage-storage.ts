/** Reads over the daily sums, by whatever is asked for, as types. Whose sums may be seen is part of every query. */
import type { Scope } from '../core/scope.ts';

/**
 * What sums are taken by. `tag`: a call counts once under each of its tags. `tags`: all tags of a call together, under
 * which every call counts once.
 */
export type UsageDimension =
  | 'day'
  | 'key'
  | 'key_hash'
  | 'user'
  | 'team'
  | 'organization'
  | 'end_user'
  | 'model'
  | 'model_group'
  | 'provider'
  | 'tag'
  | 'tags';

/** All that is given has to match. Of a list one value is enough; an empty list matches nothing. */
export interface UsageQuery {
  scope: Scope;
  /** YYYY-MM-DD, UTC, both included. */
  firstDay: string;
  lastDay: string;
  /** Null: calls without a key, which are the master key's. */
  keyId?: string | null;
  keyHash?: string;
  userIds?: readonly string[];
  teamIds?: readonly string[];
  exceptTeamIds?: readonly string[];
  organizationIds?: readonly string[];
  exceptOrganizationIds?: readonly string[];
  endUsers?: readonly string[];
  exceptEndUsers?: readonly string[];
  models?: readonly string[];
  /** Calls with one of these tags; in sums by `tag` those tags alone. */
  tags?: readonly string[];
  /** Calls without any of these; in sums by `tag` all tags but these. */
  exceptTags?: readonly string[];
  /** Calls that have one at all. */
  having?: 'team' | 'organization' | 'end_user' | 'tags';
}

/** '' stands for none, and for what was not asked by. */
export interface UsageRow {
  day: string;
  keyId: string;
  /** Hash of the secret that called. */
  keyHash: string;
  userId: string;
  teamId: string;
  organizationId: string;
  endUser: string;
  model: string;
  modelGroup: string;
  provider: string;
  tag: string;
  tags: readonly string[];
  calls: number;
  /** Those of `calls` that got no answer. */
  failures: number;
  promptTokens: number;
  completionTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  spendNanoUsd: number;
}

/** A key as reports name it; deleted ones too. */
export interface KeyName {
  alias: string | null;
  mask: string | null;
  teamId: string | null;
  userId: string | null;
  /** False: it was deleted. */
  lives: boolean;
}

export interface UsageReader {
  /** A page of the sums, newest day first. */
  page(query: UsageQuery, by: readonly UsageDimension[], page: { limit: number; offset: number }): Promise<UsageRow[]>;
  count(query: UsageQuery, by: readonly UsageDimension[]): Promise<number>;
  /** All sums, oldest day first, at most `limit` at a time. Days that are asked by are read one by one. */
  readAll(query: UsageQuery, by: readonly UsageDimension[], limit: number): AsyncIterable<UsageRow[]>;
  /** By key_id; those that there are. */
  keyNames(keyIds: readonly string[]): Promise<Map<string, KeyName>>;
}
