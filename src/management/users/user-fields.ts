import { assertJsonLimits } from '../../core/assert-json-limits.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { UserRecord, UserRole } from '../../core/owner-records.ts';
import { assertText, assertTexts } from '../owners/assert-text.ts';
import { assertLimitFields, type LimitFields, mergeLimits } from '../owners/limit-fields.ts';

/** What a request says about a user. Absent = not mentioned, null = no value, anything else = that value. */
export interface UserFields {
  alias?: string | null | undefined;
  email?: string | null | undefined;
  /** As the client wrote it: a role of ours, or a text that counts as `internal_user`. */
  role?: string | null | undefined;
  models?: readonly string[] | null | undefined;
  metadata?: JsonObject | null | undefined;
  blocked?: boolean | null | undefined;
  limits: LimitFields;
  /** Sets what counts as spent in the present window. Nano-dollars. */
  spendNanoUsd?: number | null | undefined;
  /** Fields that are stored and returned as given, by wire name; null takes one out. */
  extra: Readonly<Record<string, Json>>;
}

const ROLES: ReadonlySet<string> = new Set<UserRole>([
  'proxy_admin',
  'proxy_admin_viewer',
  'org_admin',
  'internal_user',
  'internal_user_viewer',
]);
/** Where a role that is none of ours is kept, to be shown as it was given. */
const ROLE_TEXT = 'user_role_text';
const ADDRESS = /^[^\s@]+@[^\s@]+$/;

/** Throws bad_request for what could not be stored and enforced as it stands. */
export function assertUserFields(fields: UserFields): void {
  assertText(fields.alias, 'user_alias');
  assertText(fields.email, 'user_email');
  assertText(fields.role, 'user_role');
  assertTexts(fields.models, 'models');
  assertLimitFields(fields.limits);
  if (typeof fields.spendNanoUsd === 'number') assertLimitFields({ maxBudgetNanoUsd: fields.spendNanoUsd });
  assertJsonLimits(fields.metadata, 'metadata');
  for (const [name, value] of Object.entries(fields.extra)) assertJsonLimits(value, name);
  if (fields.email != null && fields.email !== '' && !ADDRESS.test(fields.email.trim())) {
    throw new GatewayError('bad_request', 'user_email is no e-mail address.', { param: 'user_email' });
  }
}

/** A role in the request's words → ours. Texts that are none of ours give no more rights than a plain user has. */
function toUserRole(text: string): UserRole {
  return ROLES.has(text) ? (text as UserRole) : 'internal_user';
}

/** The role as it was given. */
export function roleText(user: UserRecord): string {
  const text = user.extra[ROLE_TEXT];
  return typeof text === 'string' ? text : user.role;
}

/** The record with what the request says laid over it. */
export function mergeUserFields(current: UserRecord, fields: UserFields): UserRecord {
  const { alias, email, role, models, metadata, blocked } = fields;
  const changes: Record<string, Json> = { ...fields.extra };
  if (role !== undefined) changes[ROLE_TEXT] = role === null || ROLES.has(role) ? null : role;
  const extra = Object.entries({ ...current.extra, ...changes }).filter(([, value]) => value !== null);
  return {
    ...current,
    ...mergeLimits(current, fields.limits),
    alias: alias === undefined ? current.alias : alias,
    email: email === undefined ? current.email : email === null || email === '' ? null : email.trim().toLowerCase(),
    role: role === undefined ? current.role : toUserRole(role ?? 'internal_user'),
    models: models === undefined ? current.models : (models ?? []),
    metadata: metadata === undefined ? current.metadata : (metadata ?? {}),
    blocked: blocked === undefined ? current.blocked : (blocked ?? false),
    extra: Object.fromEntries(extra),
  };
}
