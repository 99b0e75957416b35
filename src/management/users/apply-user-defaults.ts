import type { UserFields } from './user-fields.ts';
import type { UserDefaults } from './user-management.ts';

/** What the request leaves open, from the installation's settings; they are not meant for administrators. */
export function applyUserDefaults(fields: UserFields, defaults: UserDefaults): UserFields {
  if (fields.role === 'proxy_admin') return fields;
  const role = fields.role ?? defaults.role;
  const saysBudget = fields.limits.maxBudgetNanoUsd != null || defaults.limits.maxBudgetNanoUsd != null;
  const ofRole = role === 'internal_user' && !saysBudget ? defaults.internalUserBudget : {};
  const given = Object.entries(fields.limits).filter(([, value]) => value !== null);
  return {
    ...fields,
    role,
    models: fields.models == null || fields.models.length === 0 ? defaults.models : fields.models,
    limits: { ...ofRole, ...defaults.limits, ...Object.fromEntries(given) },
  };
}
