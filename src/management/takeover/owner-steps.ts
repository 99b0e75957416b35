/** How each of LiteLLM's tables of owners is taken over. */
import type { Actor } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import type { OwnerKind } from '../../core/owner.ts';
import type {
  BudgetRecord,
  EndUserRecord,
  OrganizationRecord,
  OwnerRecord,
  TagRecord,
  TeamRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import type { RecordReader, RecordWriter, WriteUnit } from '../../storage/owners/owner-storage.ts';
import { type AuditTable, buildOwnerAudit, withSpend } from '../owners/owner-audit.ts';
import { mapBudget, mapEndUser, mapOrganization, mapTag, mapTeam, mapUser } from './map-owners.ts';
import { withSealedSecrets } from './seal-secrets.ts';
import type { Draft, TableStep } from './take-table.ts';
import type { TakeoverTarget } from './takeover.ts';

const NOT_ENFORCED = 'is not enforced here, so it was not taken over';
/** Of a column that several tables have. */
export const NO_DAILY_TOKENS = 'there is no limit on tokens a day here';
const OWNERS_UNUSED = {
  tpd_limit: NO_DAILY_TOKENS,
  object_permission_id: NOT_ENFORCED,
  linked_reset_at: null,
  updated_by: null,
  model_spend: null,
} as const;

/** The parts of a step that are the same for every table whose rows have one name. */
export function namedStep<R extends { id: string }>(
  deps: TakeoverTarget,
  actor: Actor,
  parts: { table: AuditTable; key: string; reader: RecordReader<R>; writer: (unit: WriteUnit) => RecordWriter<R> },
) {
  const { table, key, reader, writer } = parts;
  return {
    table: { name: table, key: [key] },
    idOf: (values: JsonObject) => nameIn(values, key),
    async find(drafts: readonly Draft<R>[]) {
      const ids = drafts.map(({ id }) => id);
      return new Map((await reader.findMany(ids, { includeDeleted: true })).map((record) => [record.id, record]));
    },
    insert: (unit: WriteUnit, record: R) => writer(unit).insert(record),
    audit: (record: R, spendNanoUsd: number) =>
      buildOwnerAudit(deps, actor, deps.nowMs(), {
        action: 'created',
        table,
        objectId: record.id,
        before: null,
        after: withSpend(record, spendNanoUsd === 0 ? undefined : spendNanoUsd),
      }),
    unused: OWNERS_UNUSED,
  };
}

function spending<R extends OwnerRecord>(kind: OwnerKind) {
  return { spender: ({ id }: R) => ({ kind, id }), limitsOf: (record: R) => record };
}

export function budgetStep(deps: TakeoverTarget, actor: Actor): TableStep<BudgetRecord> {
  const { budgets: reader } = deps.known.owners;
  return {
    ...namedStep(deps, actor, {
      table: 'LiteLLM_BudgetTable',
      key: 'budget_id',
      reader,
      writer: (unit) => unit.budgets,
    }),
    map: (row, _, id) => mapBudget(row, id, deps.nowMs()),
    limitsOf: (record) => ({ ...record, budgetId: null }),
    // They are of the members who are linked to the row, and taken over with them.
    unused: { ...OWNERS_UNUSED, allowed_models: null, temp_budget_increase: null, temp_budget_expiry: null },
  };
}

export function organizationStep(deps: TakeoverTarget, actor: Actor): TableStep<OrganizationRecord> {
  const { organizations: reader } = deps.known.owners;
  return {
    ...namedStep(deps, actor, {
      table: 'LiteLLM_OrganizationTable',
      key: 'organization_id',
      reader,
      writer: (unit) => unit.organizations,
    }),
    ...spending('organization'),
    map: (row, _, id) => mapOrganization(row, id, deps.nowMs()),
  };
}

export function userStep(deps: TakeoverTarget, actor: Actor): TableStep<UserRecord> {
  const { users: reader } = deps.known.owners;
  const named = namedStep(deps, actor, {
    table: 'LiteLLM_UserTable',
    key: 'user_id',
    reader,
    writer: (unit) => unit.users,
  });
  return {
    ...named,
    ...spending('user'),
    table: { ...named.table, unique: { column: 'user_email', ignoreCase: true } },
    map: (row, { place }, id) => mapUser(row, id, deps.nowMs(), place),
    async settle(drafts) {
      const taken = await deps.known.userIdsByEmail(drafts.flatMap(({ record }) => record.email ?? []));
      for (const draft of drafts) {
        const holder = draft.record.email === null ? undefined : taken.get(draft.record.email);
        if (holder === undefined || holder === draft.id) continue;
        draft.row.note('user_email', `belongs to user ${holder} here; this one goes without`);
        draft.record = { ...draft.record, email: null };
      }
    },
    unused: {
      ...OWNERS_UNUSED,
      password: 'is not kept in a form that works here: the user gets a new one',
      teams: null,
      team_id: null,
      organization_id: null,
    },
  };
}

export function teamStep(deps: TakeoverTarget, actor: Actor): TableStep<TeamRecord> {
  const { teams: reader } = deps.known.owners;
  return {
    ...namedStep(deps, actor, { table: 'LiteLLM_TeamTable', key: 'team_id', reader, writer: (unit) => unit.teams }),
    ...spending('team'),
    map: (row, _, id) => withSealedSecrets(deps, mapTeam(row, id, deps.nowMs())),
    unused: {
      ...OWNERS_UNUSED,
      members_with_roles: null,
      admins: null,
      members: null,
      model_id: null,
    },
  };
}

export function endUserStep(deps: TakeoverTarget, actor: Actor): TableStep<EndUserRecord> {
  const { endUsers: reader } = deps.known.owners;
  return {
    ...namedStep(deps, actor, {
      table: 'LiteLLM_EndUserTable',
      key: 'user_id',
      reader,
      writer: (unit) => unit.endUsers,
    }),
    ...spending('end_user'),
    map: (row, _, id) => mapEndUser(row, id, deps.nowMs()),
  };
}

export function tagStep(deps: TakeoverTarget, actor: Actor): TableStep<TagRecord> {
  const { tags: reader } = deps.known.owners;
  return {
    ...namedStep(deps, actor, { table: 'LiteLLM_TagTable', key: 'tag_name', reader, writer: (unit) => unit.tags }),
    ...spending('tag'),
    map: (row, _, id) => mapTag(row, id, deps.nowMs()),
  };
}

/** A name that can be one here, too. */
export function nameIn(values: JsonObject, column: string): string | null {
  const value = values[column];
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME_CHARS) return null;
  return value;
}

const MAX_NAME_CHARS = 256;
