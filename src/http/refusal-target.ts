/** What a refused request aimed at, as far as it told: which table by its route, which object by its body or path. */
import type { FastifyRequest } from 'fastify';
import { maskSecretsInText } from '../core/audit-values.ts';
import { parseKeyAddress } from '../core/key-address.ts';
import type { RefusedTarget } from '../management/audit/refusal-log.ts';

const KEY_TABLE = 'LiteLLM_VerificationToken';

/** First part of the route → table, and the fields that may name the object, best first. */
const TARGETS: Readonly<Record<string, { table: string; fields: readonly string[] }>> = {
  key: { table: KEY_TABLE, fields: ['key', 'keys', 'key_ids', 'key_alias', 'key_aliases'] },
  user: { table: 'LiteLLM_UserTable', fields: ['user_id', 'user_ids', 'user_email'] },
  login: { table: 'LiteLLM_UserTable', fields: ['username', 'user_id', 'user_email'] },
  sessions: { table: 'sessions', fields: ['session_id', 'user_id'] },
  team: { table: 'LiteLLM_TeamTable', fields: ['team_id', 'team_ids', 'team_alias'] },
  organization: { table: 'LiteLLM_OrganizationTable', fields: ['organization_id', 'organization_ids'] },
  customer: { table: 'LiteLLM_EndUserTable', fields: ['user_id', 'user_ids'] },
  end_user: { table: 'LiteLLM_EndUserTable', fields: ['user_id', 'user_ids'] },
  budget: { table: 'LiteLLM_BudgetTable', fields: ['budget_id', 'id'] },
  tag: { table: 'LiteLLM_TagTable', fields: ['name'] },
  model: { table: 'LiteLLM_ProxyModelTable', fields: ['id', 'model_name'] },
};
/** Routes whose first part names something else than what they change. */
const FAMILIES: ReadonlyMap<string, keyof typeof TARGETS> = new Map([
  // LiteLLM's other spelling of /customer/block and /customer/unblock.
  ['/user/block', 'customer'],
  ['/user/unblock', 'customer'],
  ['/team/key/bulk_update', 'key'],
  ['/v2/organization/:organization_id', 'organization'],
]);
const MAX_LENGTH = 256;

export function findRefusalTarget(request: FastifyRequest): RefusedTarget {
  const route = request.policy?.route ?? '';
  const family = FAMILIES.get(route) ?? route.split('/')[1] ?? '';
  const { table, fields } = TARGETS[family] ?? { table: family, fields: ['id'] };
  const text = findText(request.params, fields) ?? findText(request.body, fields);
  const target = { tableName: table, objectId: '', objectKeyId: null, objectName: null };
  if (text === undefined) return target;
  if (table !== KEY_TABLE) return { ...target, objectId: maskSecretsInText(text) };
  const address = parseKeyAddress(text);
  switch (address.kind) {
    case 'hash':
      return { ...target, objectId: address.hash };
    case 'key_id':
      return { ...target, objectKeyId: address.keyId };
    case 'alias':
      return { ...target, objectName: maskSecretsInText(address.alias) };
  }
}

/** Of several objects the first. */
function findText(values: unknown, fields: readonly string[]): string | undefined {
  if (typeof values !== 'object' || values === null) return undefined;
  for (const field of fields) {
    const value = Object.hasOwn(values, field) ? (values as Record<string, unknown>)[field] : undefined;
    const first = Array.isArray(value) ? value[0] : value;
    if (typeof first === 'string' && first !== '') return first.slice(0, MAX_LENGTH);
  }
  return undefined;
}
