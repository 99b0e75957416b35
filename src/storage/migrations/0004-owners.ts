/**
 * Users, teams, organisations, end users, tags, budget rows, and who is a member where. The deleted stay, for history,
 * and are in no index that a list uses.
 */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { DialectName } from '../database.ts';
import { textType } from './column-types.ts';

type Table = CreateTableBuilder<string, string>;
type Builder = (table: Table) => Table;

const LIMIT_NUMBERS = [
  'max_budget_nano_usd',
  'soft_budget_nano_usd',
  'rpm_limit',
  'tpm_limit',
  'max_parallel_requests',
] as const;
const LIMIT_TEXTS = ['budget_duration', 'budget_mode'] as const;
const LIMIT_JSON = ['budget_limits', 'model_max_budget', 'model_rpm_limit', 'model_tpm_limit'] as const;

export async function createOwners(db: Kysely<unknown>, dialect: DialectName): Promise<void> {
  const text = textType(dialect);
  const texts = (names: readonly string[]) => (table: Table) =>
    names.reduce((grown, name) => grown.addColumn(name, text), table);
  const requiredTexts = (names: readonly string[]) => (table: Table) =>
    names.reduce((grown, name) => grown.addColumn(name, text, (column) => column.notNull()), table);
  const numbers = (names: readonly string[]) => (table: Table) =>
    names.reduce((grown, name) => grown.addColumn(name, 'bigint'), table);
  const stamps: Builder = (table) =>
    texts(['deleted_by'])(
      numbers(['deleted_at_ms'])(
        requiredTexts(['created_by', 'updated_by'])(table)
          .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
          .addColumn('updated_at_ms', 'bigint', (column) => column.notNull()),
      ),
    );
  const limits: Builder = (table) => requiredTexts(LIMIT_JSON)(texts(LIMIT_TEXTS)(numbers(LIMIT_NUMBERS)(table)));
  const owner: Builder = (table) =>
    stamps(
      limits(
        requiredTexts(['models', 'metadata', 'extra', 'search_text'])(texts(['alias', 'budget_id'])(table)).addColumn(
          'blocked',
          'bigint',
          (column) => column.notNull(),
        ),
      ),
    );
  const withId = (name: string): Table =>
    db.schema.createTable(name).addColumn('id', text, (column) => column.notNull().primaryKey());

  await texts(['email'])(requiredTexts(['role'])(owner(withId('users')))).execute();
  await texts(['organization_id', 'member_permissions'])(
    requiredTexts(['model_aliases'])(owner(withId('teams'))),
  ).execute();
  await owner(withId('organizations')).execute();
  await texts(['allowed_model_region', 'default_model'])(owner(withId('end_users'))).execute();
  await texts(['description'])(owner(withId('tags'))).execute();
  await stamps(limits(withId('budgets'))).execute();
  for (const [name, group] of [
    ['team_members', 'team_id'],
    ['organization_members', 'organization_id'],
  ] as const) {
    const table = requiredTexts([group, 'user_id', 'role'])(db.schema.createTable(name));
    const members = texts(['budget_id'])(stamps(name === 'team_members' ? limits(table) : table));
    await members.addPrimaryKeyConstraint(`${name}_pkey`, [group, 'user_id'] as never).execute();
    await db.schema.createIndex(`${name}_user`).on(name).columns(['user_id', group]).execute();
  }

  const live = sql<boolean>`deleted_at_ms is null`;
  for (const name of ['users', 'teams', 'organizations', 'end_users', 'tags', 'budgets']) {
    for (const column of name === 'budgets' ? ['created_at_ms'] : ['created_at_ms', 'alias', 'max_budget_nano_usd']) {
      await db.schema.createIndex(`${name}_by_${column}`).on(name).columns([column, 'id']).where(live).execute();
    }
  }
  await db.schema
    .createIndex('users_by_role')
    .on('users')
    .columns(['role', 'created_at_ms', 'id'])
    .where(live)
    .execute();
  await db.schema
    .createIndex('teams_by_organization_id')
    .on('teams')
    .columns(['organization_id', 'created_at_ms', 'id'])
    .where(live)
    .execute();
  await db.schema
    .createIndex('users_live_email')
    .unique()
    .on('users')
    .column('email')
    .where(sql<boolean>`deleted_at_ms is null and email is not null`)
    .execute();
}
