/** How calls are asked for: which ones, and in what order. */
import type { OwnedScope } from '../core/scope.ts';
import type { CallStatus } from '../core/spend-record.ts';

export interface SpendQuery {
  /** Whose calls may be found at all; absent: everybody's. An organisation opens its own and those of its teams. */
  scope?: Pick<OwnedScope, 'userIds' | 'teamIds' | 'organizationIds'>;
  /** Ours, or the upstream's response id: clients know only the latter. */
  requestId?: string;
  /** Null: calls without a key, which are the master key's. */
  keyId?: string | null;
  /** Matches rows whose key had this hash when it called. An index serves it together with `keyId: null`. */
  keyHash?: string;
  userId?: string;
  teamId?: string;
  endUser?: string;
  model?: string;
  status?: CallStatus;
  tag?: string;
  fromMs?: number;
  /** Exclusive. */
  toMs?: number;
  minSpendNanoUsd?: number;
  maxSpendNanoUsd?: number;
  modelGroup?: string;
  deploymentId?: string;
  /** HTTP status of a call that did not succeed. */
  errorCode?: string;
  /** Parts of what a call has kept of its key's alias, its session, and an error's words. */
  keyAliasPart?: string;
  sessionIdPart?: string;
  errorPart?: string;
}

/** What calls are sorted by, other than when they began. */
export type SpendSort = 'spend' | 'total_tokens' | 'ended_at' | 'duration' | 'first_token' | 'model';

export interface SpendPage {
  limit: number;
  offset: number;
  order: 'asc' | 'desc';
  /** Absent: when they began. Else the latest 10,000 that match are sorted; what has no such value stands last. */
  sortBy?: SpendSort;
}
