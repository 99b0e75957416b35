/**
 * What a key was given beyond models and money: permissions, destinations of its logs, access groups, settings of its
 * own. Whoever is no administrator passes on what the calling key has, and nothing else.
 */
import { findServerReferences } from './callback-secrets.ts';
import { type Aspect, type KeyBound, withMetadata } from './ceiling-terms.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { endUserBudgetIdOf, type KeyRecord } from './key.ts';

/** One thing that was granted, as a text that is the same for the same thing. */
interface Grant {
  param: string;
  text: string;
  /** Administrators of the key's team or organisation may grant it, too. */
  byManager: boolean;
}

/** Fields that grant as a whole. */
const WHOLE_METADATA = ['secret_manager_settings', 'team_member_key_duration'];
const WHOLE_EXTRA = ['router_settings', 'disable_global_guardrails', 'throttle_on_budget_exceeded'];
/** The same, for things that a team's administrators see to. */
const MANAGED_METADATA = ['rpm_limit_type', 'tpm_limit_type', 'prompts'];
const MANAGED_EXTRA = ['project_id', 'agent_id'];
/** Fields that grant item by item. */
const LISTS_IN_METADATA = ['allowed_passthrough_routes', 'allowed_vector_store_indexes'];

const grants: Aspect = {
  read: ({ key }) => grantsOf(key).map(({ text }) => text),
  excess({ key }, { capacity, holder, before }) {
    if (capacity === 'admin') return undefined;
    const had = new Set(
      [holder, before].flatMap((record) => (record === null ? [] : grantsOf(record).map(({ text }) => text))),
    );
    const added = grantsOf(key).find(({ text, byManager }) => !had.has(text) && !(byManager && capacity === 'manager'));
    if (added === undefined) return undefined;
    return {
      param: added.param,
      message: `${added.param}: may only be what your key has there, unless an administrator sets it.`,
    };
  },
};

/** What a permission forbids stays forbidden. */
const forbidding: Aspect = {
  read: ({ key }) => key.permissions,
  excess({ key }, { keys }) {
    const bound = keys.find((candidate) => lostProhibition(key, candidate) !== undefined);
    if (bound === undefined) return undefined;
    return {
      param: 'permissions',
      message: `permissions: '${lostProhibition(key, bound)}' must be what it is for ${bound.whose}.`,
    };
  },
  tighten: ({ key }, { keys }) => {
    const kept = keys.flatMap((bound) => Object.entries(bound.key.permissions).filter(([, value]) => value !== true));
    return { ...key, permissions: { ...key.permissions, ...Object.fromEntries(kept) } };
  },
};

/** Another row of limits is another owner's. */
const budgetRow: Aspect = {
  read: ({ key }) => key.budgetId,
  excess({ key }, { capacity, holder, before }) {
    if (capacity === 'admin' || key.budgetId === null) return undefined;
    if (key.budgetId === holder?.budgetId || key.budgetId === before?.budgetId) return undefined;
    return { param: 'budget_id', message: 'budget_id: may only be that of your key, unless an administrator sets it.' };
  },
};

/** What limits the maker's customers limits those of the key; another row may allow more than the installation's own. */
const customersRow: Aspect = {
  read: ({ key }) => endUserBudgetIdOf(key) ?? null,
  excess({ key }, { keys, capacity, holder, before }) {
    const own = endUserBudgetIdOf(key);
    const param = 'metadata';
    const bound = keys.find((candidate) => ![undefined, own].includes(endUserBudgetIdOf(candidate.key)));
    if (bound !== undefined) {
      const row = endUserBudgetIdOf(bound.key);
      return { param, message: `metadata.end_user_budget_id: must be '${row}', as it is for ${bound.whose}.` };
    }
    if (own === undefined || capacity === 'admin' || capacity === 'manager') return undefined;
    if ([holder, before].some((record) => record !== null && endUserBudgetIdOf(record) === own)) return undefined;
    const message = 'metadata.end_user_budget_id: may only be that of your key, unless an administrator sets it.';
    return { param, message };
  },
  tighten({ key }, { keys }) {
    const row = keys.map((bound) => endUserBudgetIdOf(bound.key)).find((id) => id !== undefined);
    return row === undefined ? key : withMetadata(key, 'end_user_budget_id', row);
  },
};

export const GRANT_ASPECTS: readonly Aspect[] = [grants, forbidding, budgetRow, customersRow];

function grantsOf({ permissions, metadata, extra, config }: KeyRecord): Grant[] {
  const found: Grant[] = [];
  const add = (param: string, name: string, value: Json | undefined, byManager = false): void => {
    if (!isNothing(value)) found.push({ param, text: `${name} ${JSON.stringify(value)}`, byManager });
  };
  for (const [name, value] of Object.entries(permissions)) add('permissions', `permissions.${name}`, value);
  for (const [name, value] of Object.entries(metadata))
    if (name.startsWith('allow_')) add('metadata', name, value || null);
  for (const name of WHOLE_METADATA) add(name, name, metadata[name]);
  for (const name of MANAGED_METADATA) add(name, name, metadata[name], true);
  for (const name of WHOLE_EXTRA) add(name, name, extra[name] || null);
  for (const name of MANAGED_EXTRA) add(name, name, extra[name], true);
  add('config', 'config', config);
  for (const name of LISTS_IN_METADATA) for (const item of itemsOf(metadata[name])) add(name, name, item);
  for (const item of itemsOf(extra.access_group_ids)) add('access_group_ids', 'access_group_ids', item);
  const objects = extra.object_permission;
  for (const [name, value] of Object.entries(isJsonObject(objects) ? objects : {})) {
    for (const item of itemsOf(value)) add('object_permission', `object_permission.${name}`, item);
  }
  for (const item of itemsOf(metadata.logging)) add('metadata', 'logging', item, !namesServers({ logging: [item] }));
  const { callback_settings: settings } = metadata;
  add('metadata', 'callback_settings', settings, !namesServers({ callback_settings: settings ?? null }));
  return found;
}

/** A variable of the server's environment, a file of its disk or its account would be used wherever the destination is. */
function namesServers(metadata: JsonObject): boolean {
  return JSON.stringify(metadata).includes('os.environ/') || findServerReferences(metadata).length > 0;
}

function itemsOf(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  return isNothing(value) ? [] : [value as Json];
}

/** False is something for a permission (`pii: false` turns masking off) and nothing for a switch. */
function isNothing(value: Json | undefined): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

function lostProhibition({ permissions }: KeyRecord, { key }: KeyBound): string | undefined {
  return Object.entries(key.permissions).find(
    ([name, value]) => value !== true && JSON.stringify(permissions[name]) !== JSON.stringify(value),
  )?.[0];
}
