import { GatewayError } from '../../core/gateway-error.ts';
import type { OwnerUpperBounds } from '../../core/key-limits.ts';
import type { UserRole } from '../../core/owner-records.ts';
import type { BudgetWindows } from '../../core/spend-counter.ts';
import type { KeyManagement } from '../keys/key-management.ts';
import type { LimitFields } from '../owners/limit-fields.ts';
import type { OwnerManagement } from '../owners/owner-management.ts';
import type { PasswordManagement } from '../sessions/session-management.ts';
import type { TeamPlace } from '../teams/join-teams.ts';

/** What `litellm_settings` says about every new user. */
export interface UserDefaults {
  role: UserRole;
  limits: LimitFields;
  models: readonly string[];
  /** Those that a new user joins where the request names none. */
  teams: readonly TeamPlace[];
  /** Only for `internal_user`s that say nothing of a budget. */
  internalUserBudget: LimitFields;
  /** What no user may have more of, administrators apart. */
  upperBounds: OwnerUpperBounds;
}

/** What the verbs over users ask of the world. */
export interface UserManagement extends OwnerManagement, PasswordManagement {
  keyManagement: KeyManagement;
  defaults: UserDefaults;
  /** The windows in which the whole proxy's spend is counted. */
  proxyWindows: BudgetWindows;
}

/** LiteLLM's name for the whole proxy, where it takes a user's. */
export const PROXY_USER_ID = 'litellm-proxy-budget';

export function userNotFound(name: string): GatewayError {
  return new GatewayError('not_found', `User ${name.slice(0, 256)} not found`, { param: 'user_id' });
}

export function userExists(field: 'user_id' | 'user_email', value: string): GatewayError {
  const name = field === 'user_id' ? 'id' : 'email';
  return new GatewayError('conflict', `User with ${name} ${value.slice(0, 256)} already exists`, { param: field });
}
