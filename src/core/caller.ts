import type { KeyRecord } from './key.ts';

/** LiteLLM's proxy roles. `unknown`: a key without a user behind it, which may call models and see itself. */
export type Role =
  | 'proxy_admin'
  | 'proxy_admin_viewer'
  | 'org_admin'
  | 'internal_user'
  | 'internal_user_viewer'
  | 'unknown';

/** The name under which acts of the master key are recorded. */
export const ADMIN_USER_ID = 'default_user_id';

/** Who is calling, after authentication. Holds no secret. */
export interface Caller {
  role: Role;
  userId: string | null;
  /** Hash of the credential that was presented. */
  secretHash: string;
  /** When the credential ends by the clock (the key's expiry, a rotation's grace period); null: never. */
  endsAtMs: number | null;
  /** The virtual key; null for the master key. */
  key: KeyRecord | null;
}
