import { applyUpperBounds } from '../../core/key-limits.ts';
import type { UserFields } from './user-fields.ts';
import type { UserDefaults } from './user-management.ts';

/**
 * What the request leaves open, from the installation's settings; they are not meant for administrators.
 * Throws management_refused (400) for what is over `upperbound_internal_user_params`.
 */
export function applyUserDefaults(fields: UserFields, defaults: UserDefaults, nowMs: number): UserFields {
  if (fields.role === 'proxy_admin') return fields;
  const role = fields.role ?? defaults.role;
  const saysBudget = fields.limits.maxBudgetNanoUsd != null || defaults.limits.maxBudgetNanoUsd != null;
  const ofRole = role === 'internal_user' && !saysBudget ? defaults.internalUserBudget : {};
  const given = Object.entries(fields.limits).filter(([, value]) => value !== null);
  return {
    ...fields,
    role,
    models: fields.models == null || fields.models.length === 0 ? defaults.models : fields.models,
    limits: applyUpperBounds(
      { ...ofRole, ...defaults.limits, ...Object.fromEntries(given) },
      defaults.upperBounds,
      nowMs,
    ),
  };
}
