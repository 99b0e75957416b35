/** Rows of LiteLLM's owners → records of ours. Pure; what does not fit is noted in the reader. */
import { parseBudgetRaise } from '../../core/budget-raise.ts';
import { ADMIN_USER_ID } from '../../core/caller.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Limits, NO_LIMITS } from '../../core/limits.ts';
import type {
  BudgetRecord,
  EndUserRecord,
  OrganizationMemberRecord,
  OrganizationRecord,
  OwnerRecord,
  Stamps,
  TagRecord,
  TeamMemberRecord,
  TeamRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import type { RowReader } from './row-reader.ts';

export function readStamps(row: RowReader, nowMs: number): Stamps {
  const createdAtMs = row.time('created_at') ?? nowMs;
  const createdBy = row.text('created_by') ?? ADMIN_USER_ID;
  const updatedAtMs = row.time('updated_at') ?? createdAtMs;
  const updatedBy = row.text('updated_by') ?? createdBy;
  return { createdAtMs, createdBy, updatedAtMs, updatedBy, deletedAtMs: null, deletedBy: null };
}

/** Limits that stand in the row itself. */
function readLimits(row: RowReader): Limits {
  return {
    ...NO_LIMITS,
    maxBudgetNanoUsd: row.ceiling('max_budget'),
    softBudgetNanoUsd: row.ceiling('soft_budget'),
    budgetDuration: row.duration('budget_duration'),
    budgetLimits: row.budgetLimits('budget_limits'),
    modelMaxBudget: row.modelBudgets('model_max_budget'),
    rpmLimit: row.count('rpm_limit'),
    tpmLimit: row.count('tpm_limit'),
    maxParallelRequests: row.count('max_parallel_requests'),
  };
}

function readOwner(row: RowReader, id: string, nowMs: number): OwnerRecord {
  return {
    ...NO_LIMITS,
    ...readStamps(row, nowMs),
    id,
    alias: null,
    budgetId: row.text('budget_id'),
    models: row.texts('models', 'no-default-models'),
    metadata: row.object('metadata'),
    extra: {},
    blocked: row.flag('blocked') ?? false,
  };
}

/** Fields that are stored and returned as they are, where they say something. */
export function readExtra(
  row: RowReader,
  columns: { texts?: readonly string[]; objects?: readonly string[]; names?: readonly string[] },
): JsonObject {
  const extra: JsonObject = {};
  for (const column of columns.texts ?? []) {
    const texts = row.texts(column);
    if (texts.length > 0) extra[column] = texts;
  }
  for (const column of columns.objects ?? []) {
    const object = row.object(column);
    if (Object.keys(object).length > 0) extra[column] = object;
  }
  for (const column of columns.names ?? []) {
    const name = row.text(column);
    if (name !== null) extra[column] = name;
  }
  return extra;
}

export function mapBudget(row: RowReader, id: string, nowMs: number): BudgetRecord {
  return { ...readLimits(row), ...readStamps(row, nowMs), id };
}

export function mapOrganization(row: RowReader, id: string, nowMs: number): OrganizationRecord {
  return { ...readOwner(row, id, nowMs), alias: row.text('organization_alias') };
}

const ROLES = ['proxy_admin', 'proxy_admin_viewer', 'org_admin', 'internal_user', 'internal_user_viewer'] as const;

/** `place`: of several users with the same address this is the n-th. */
export function mapUser(row: RowReader, id: string, nowMs: number, place: number): UserRecord {
  const roleText = row.text('user_role');
  const role = ROLES.find((known) => known === roleText) ?? 'internal_user';
  if (roleText !== null && roleText !== role)
    row.note('user_role', `${roleText} is no role here; the user is an internal_user`);
  let email = row.text('user_email')?.toLowerCase() ?? null;
  if (email !== null && place > 1) {
    row.note('user_email', 'an older user has the same address, which is unique here; this one goes without');
    email = null;
  }
  return {
    ...readOwner(row, id, nowMs),
    ...readLimits(row),
    alias: row.text('user_alias'),
    extra: readExtra(row, { names: ['sso_user_id'] }),
    email,
    role,
  };
}

export function mapTeam(row: RowReader, id: string, nowMs: number): TeamRecord {
  const permissions = row.texts('team_member_permissions');
  const owner = readOwner(row, id, nowMs);
  const memberBudget = owner.metadata.team_member_budget_id;
  return {
    ...owner,
    ...readLimits(row),
    alias: row.text('team_alias'),
    extra: {
      ...readExtra(row, {
        texts: ['policies', 'access_group_ids', 'default_team_member_models'],
        objects: ['router_settings'],
      }),
      ...(typeof memberBudget === 'string' ? { team_member_budget_id: memberBudget } : {}),
    },
    organizationId: row.text('organization_id'),
    modelAliases: row.names('model_aliases'),
    // There, no list means the default one.
    memberPermissions: permissions.length === 0 ? null : permissions,
  };
}

/** Undefined: not a member, but a row that was left behind. */
export function mapTeamMember(
  row: RowReader,
  [teamId, userId]: readonly [string, string],
  nowMs: number,
): TeamMemberRecord | undefined {
  if (row.flag('listed') !== true) {
    row.note(null, "the team's own list does not have this user, so the row gives no membership", 'row');
    return undefined;
  }
  if (userId.startsWith('address: ')) {
    row.note(null, 'the team names this member by an address that no user has', 'row');
    return undefined;
  }
  const role = row.text('role');
  if (role !== null && role !== 'admin' && role !== 'user')
    row.note('role', `${role} is no role here; this is a plain member`);
  return {
    ...NO_LIMITS,
    ...readStamps(row, nowMs),
    teamId,
    userId,
    role: role === 'admin' ? 'admin' : 'user',
    budgetId: row.text('budget_id'),
    models: row.texts('linked_allowed_models', 'no-default-models'),
    metadata: readRaise(row),
  };
}

/** What was added to a member's budget for a while; what cannot be read adds nothing. */
function readRaise(row: RowReader): JsonObject {
  const expiryMs = row.time('linked_temp_budget_expiry');
  const raise = {
    temp_budget_increase: row.raw('linked_temp_budget_increase'),
    temp_budget_expiry: expiryMs === null ? null : new Date(expiryMs).toISOString(),
  };
  return parseBudgetRaise(raise) === null ? {} : raise;
}

const ORGANIZATION_ROLES = ['org_admin', 'internal_user', 'internal_user_viewer'] as const;

export function mapOrganizationMember(
  row: RowReader,
  [organizationId, userId]: readonly [string, string],
  nowMs: number,
): OrganizationMemberRecord {
  const roleText = row.text('user_role');
  const role = ORGANIZATION_ROLES.find((known) => known === roleText) ?? 'internal_user_viewer';
  if (roleText !== role)
    row.note('user_role', `${roleText ?? 'none'} is no role here; this is an internal_user_viewer`);
  if (row.spend() > 0) row.note('spend', 'spend of a person within an organisation is not counted here');
  return { ...readStamps(row, nowMs), organizationId, userId, role, budgetId: row.text('budget_id') };
}

export function mapEndUser(row: RowReader, id: string, nowMs: number): EndUserRecord {
  return {
    ...readOwner(row, id, nowMs),
    alias: row.text('alias'),
    allowedModelRegion: row.text('allowed_model_region'),
    defaultModel: row.text('default_model'),
  };
}

export function mapTag(row: RowReader, id: string, nowMs: number): TagRecord {
  return { ...readOwner(row, id, nowMs), description: row.text('description') };
}
