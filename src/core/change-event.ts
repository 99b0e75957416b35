/** A secret that still opens its key after a change, and until when (null: until the next change). */
export interface WorkingSecret {
  hash: string;
  untilMs: number | null;
}

/**
 * What the change feed says: something that caches or open streams may depend on has changed.
 * Published after commit, in commit order; `seq` grows by commit and gaps can be seen.
 *
 * A `key` event names every hash that a cache may know the key by, and the secrets that still work: none when the key
 * is blocked or deleted, else each live or grace-period secret until the earlier of its own end and the key's expiry.
 * Whoever serves the key can so cut it without asking the database.
 */
export type ChangeEvent =
  | { seq: number; kind: 'key'; keyId: string; hashes: readonly string[]; working: readonly WorkingSecret[] }
  | { seq: number; kind: 'balance'; counter: string; deltaNanoUsd: number }
  | { seq: number; kind: 'setting'; name: string }
  | RollCall
  | SessionEvent
  | OwnerEvent;

/** `processId` waits until every process has acted on all changes before this one: say how far you are. */
export interface RollCall {
  seq: number;
  kind: 'roll_call';
  processId: string;
  /** Tells this roll call from others of the same process. */
  id: string;
}

/** Sessions, by the hashes of their tokens, have begun or ended. */
export interface SessionEvent {
  seq: number;
  kind: 'session';
  hashes: readonly string[];
}

/** Tables whose rows say who may call and what is left to them. */
export type OwnerTable =
  | 'users'
  | 'teams'
  | 'organizations'
  | 'end_users'
  | 'tags'
  | 'budgets'
  | 'team_members'
  | 'organization_members'
  | 'models';

/**
 * An owner, or somebody's place in one, was made, changed or deleted. For members `id` is the team's or organisation's and
 * `userId` the person's. `usable` is false once it is blocked or deleted: calls in flight on its behalf end.
 */
export interface OwnerEvent {
  seq: number;
  kind: 'owner';
  table: OwnerTable;
  id: string;
  userId: string | null;
  usable: boolean;
}
