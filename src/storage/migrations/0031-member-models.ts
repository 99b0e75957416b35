/** Which models a person may call in a team, and what was added to its budget there for a while. */
import { type Kysely, sql } from 'kysely';

export async function limitMemberModels(db: Kysely<unknown>): Promise<void> {
  for (const [column, empty] of [
    ['models', '[]'],
    ['metadata', '{}'],
  ] as const) {
    await db.schema
      .alterTable('team_members')
      .addColumn(column, sql`text`, (definition) => definition.notNull().defaultTo(empty))
      .execute();
  }
}
