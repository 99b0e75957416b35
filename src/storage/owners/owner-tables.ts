/** The tables of owners and members, and which field is which column. */
import type { ModelRecord } from '../../core/model-record.ts';
import type {
  BudgetRecord,
  EndUserRecord,
  OrganizationMemberRecord,
  OrganizationRecord,
  TagRecord,
  TeamMemberRecord,
  TeamRecord,
  UserRecord,
} from '../../core/owner-records.ts';
import { type Column, flag, json, plain, type RecordTable } from './record-table.ts';

const STAMPS: readonly Column[] = [
  plain('createdAtMs'),
  plain('createdBy'),
  plain('updatedAtMs'),
  plain('updatedBy'),
  plain('deletedAtMs'),
  plain('deletedBy'),
];

const LIMITS: readonly Column[] = [
  plain('maxBudgetNanoUsd'),
  plain('softBudgetNanoUsd'),
  plain('budgetDuration'),
  plain('budgetMode'),
  json('budgetLimits'),
  json('modelMaxBudget'),
  plain('rpmLimit'),
  plain('tpmLimit'),
  plain('maxParallelRequests'),
  json('modelRpmLimit'),
  json('modelTpmLimit'),
];

const OWNER: readonly Column[] = [
  plain('id'),
  plain('alias'),
  plain('budgetId'),
  json('models'),
  json('metadata'),
  json('extra'),
  flag('blocked'),
  ...LIMITS,
  ...STAMPS,
];

export const USERS: RecordTable<UserRecord> = {
  name: 'users',
  key: ['id'],
  columns: [...OWNER, plain('email'), plain('role')],
  searched: ['id', 'alias', 'email'],
  spendsAs: 'user',
};

export const TEAMS: RecordTable<TeamRecord> = {
  name: 'teams',
  key: ['id'],
  columns: [...OWNER, plain('organizationId'), json('modelAliases'), json('memberPermissions')],
  searched: ['id', 'alias'],
};

export const ORGANIZATIONS: RecordTable<OrganizationRecord> = {
  name: 'organizations',
  key: ['id'],
  columns: OWNER,
  searched: ['id', 'alias'],
};

export const END_USERS: RecordTable<EndUserRecord> = {
  name: 'end_users',
  key: ['id'],
  columns: [...OWNER, plain('allowedModelRegion'), plain('defaultModel')],
  searched: ['id', 'alias'],
};

export const TAGS: RecordTable<TagRecord> = {
  name: 'tags',
  key: ['id'],
  columns: [...OWNER, plain('description')],
  searched: ['id'],
};

export const BUDGETS: RecordTable<BudgetRecord> = {
  name: 'budgets',
  key: ['id'],
  columns: [plain('id'), ...LIMITS, ...STAMPS],
  searched: [],
};

export const TEAM_MEMBERS: RecordTable<TeamMemberRecord> = {
  name: 'team_members',
  key: ['teamId', 'userId'],
  columns: [
    plain('teamId'),
    plain('userId'),
    plain('role'),
    plain('budgetId'),
    json('models'),
    json('metadata'),
    ...LIMITS,
    ...STAMPS,
  ],
  searched: [],
};

export const ORGANIZATION_MEMBERS: RecordTable<OrganizationMemberRecord> = {
  name: 'organization_members',
  key: ['organizationId', 'userId'],
  columns: [plain('organizationId'), plain('userId'), plain('role'), plain('budgetId'), ...STAMPS],
  searched: [],
};

export const MODELS: RecordTable<ModelRecord> = {
  name: 'models',
  key: ['id'],
  columns: [plain('id'), plain('modelName'), json('params'), json('info'), ...STAMPS],
  searched: [],
};
