/**
 * What the change feed says: something that caches or open streams may depend on has changed.
 * Published after commit, in commit order; `seq` grows by commit and gaps can be seen.
 */
export type ChangeEvent =
  | { seq: number; kind: 'key'; keyId: string; hashes: readonly string[] }
  | { seq: number; kind: 'balance'; counter: string; deltaNanoUsd: number }
  | { seq: number; kind: 'setting'; name: string };
