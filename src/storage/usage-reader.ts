import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database, DialectName } from './database.ts';
import { buildUsageFilter, explodeTags } from './usage-filters.ts';
import type { KeyName, UsageDimension, UsageQuery, UsageReader, UsageRow } from './usage-storage.ts';

const DAY_MS = 86_400_000;
const NAMES_AT_ONCE = 500;

const COLUMNS = {
  day: 'day',
  key: 'key_id',
  key_hash: 'key_hash',
  user: 'user_id',
  team: 'team_id',
  organization: 'organization_id',
  end_user: 'end_user',
  model: 'model',
  model_group: 'model_group',
  provider: 'provider',
  tags: 'tag_set',
} as const satisfies Record<Exclude<UsageDimension, 'tag'>, string>;

type Columns = (typeof COLUMNS)[keyof typeof COLUMNS] | 'tag';
type FoundRow = Partial<Record<Columns, string>> & {
  tags?: string;
  calls: number;
  failures: number;
  prompt_tokens: number;
  completion_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  spend_nano_usd: number;
};

export function createUsageReader(reads: Kysely<Database>, dialect: DialectName): UsageReader {
  /** In both databases ordered byte by byte, as the columns are. */
  const tag = dialect === 'postgres' ? sql`(each_tag.value collate "C")` : sql`each_tag.value`;
  const nameOf = (dimension: UsageDimension): Columns => (dimension === 'tag' ? 'tag' : COLUMNS[dimension]);
  const columnOf = (dimension: UsageDimension) => (dimension === 'tag' ? tag : sql.ref(COLUMNS[dimension]));

  function from(query: UsageQuery, by: readonly UsageDimension[]): RawBuilder<unknown> {
    const exploded = by.includes('tag');
    const tables = exploded ? sql`daily_spend cross join ${explodeTags(dialect)}` : sql`daily_spend`;
    return sql`${tables} where ${buildUsageFilter(dialect, query, exploded)}`;
  }

  async function readSums(
    query: UsageQuery,
    by: readonly UsageDimension[],
    { after, order, limit, offset = 0 }: { after?: FoundRow; order: 'asc' | 'desc'; limit: number; offset?: number },
  ): Promise<FoundRow[]> {
    const columns = by.map(columnOf);
    const named = by.map((dimension) => sql`${columnOf(dimension)} as ${sql.ref(nameOf(dimension))}`);
    if (by.includes('tags')) named.push(sql`min(tags) as tags`);
    const behind =
      after === undefined
        ? sql``
        : sql` and (${sql.join(columns)}) > (${sql.join(by.map((dimension) => after[nameOf(dimension)]))})`;
    const ordered = by.map((dimension) =>
      dimension === 'day' && order === 'desc' ? sql`day desc` : columnOf(dimension),
    );
    const { rows } = await sql<FoundRow>`select ${sql.join([...named, ...SUMS])} from ${from(query, by)}${behind}
      group by ${sql.join(columns)} order by ${sql.join(ordered)} limit ${limit} offset ${offset}`.execute(reads);
    return rows;
  }

  return {
    page: async (query, by, page) => (await readSums(query, by, { ...page, order: 'desc' })).map(toUsageRow),

    async count(query, by) {
      const groups = sql`select 1 from ${from(query, by)} group by ${sql.join(by.map(columnOf))}`;
      const { rows } = await sql<{ count: number }>`
        select cast(count(*) as bigint) as count from (${groups}) as groups`.execute(reads);
      return rows[0]?.count ?? 0;
    },

    async *readAll(query, by, limit) {
      for (const span of by[0] === 'day' ? listDays(query) : [query]) {
        let after: FoundRow | undefined;
        do {
          const rows = await readSums(span, by, { limit, order: 'asc', ...(after === undefined ? {} : { after }) });
          if (rows.length > 0) yield rows.map(toUsageRow);
          after = rows.length < limit ? undefined : rows.at(-1);
        } while (after !== undefined);
      }
    },

    async keyNames(keyIds) {
      const names = new Map<string, KeyName>();
      for (let start = 0; start < keyIds.length; start += NAMES_AT_ONCE) {
        const rows = await reads
          .selectFrom('keys')
          .select(['key_id', 'alias', 'mask', 'team_id', 'user_id', 'deleted_at_ms'])
          .where('key_id', 'in', keyIds.slice(start, start + NAMES_AT_ONCE))
          .execute();
        for (const { key_id: id, alias, mask, team_id: teamId, user_id: userId, deleted_at_ms: deletedAtMs } of rows) {
          names.set(id, { alias, mask, teamId, userId, lives: deletedAtMs === null });
        }
      }
      return names;
    },
  };
}

/** sum() of integers is a wider type on PostgreSQL; as a bigint it is a number in both. */
const SUMS = (
  [
    'calls',
    'failures',
    'prompt_tokens',
    'completion_tokens',
    'cache_read_tokens',
    'cache_write_tokens',
    'spend_nano_usd',
  ] as const
).map((name) => sql`cast(sum(${sql.ref(name)}) as bigint) as ${sql.ref(name)}`);

function* listDays(query: UsageQuery): Generator<UsageQuery> {
  for (let atMs = Date.parse(query.firstDay); atMs <= Date.parse(query.lastDay); atMs += DAY_MS) {
    const day = new Date(atMs).toISOString().slice(0, 10);
    yield { ...query, firstDay: day, lastDay: day };
  }
}

function toUsageRow(row: FoundRow): UsageRow {
  return {
    day: row.day ?? '',
    keyId: row.key_id ?? '',
    keyHash: row.key_hash ?? '',
    userId: row.user_id ?? '',
    teamId: row.team_id ?? '',
    organizationId: row.organization_id ?? '',
    endUser: row.end_user ?? '',
    model: row.model ?? '',
    modelGroup: row.model_group ?? '',
    provider: row.provider ?? '',
    tag: row.tag ?? '',
    tags: row.tags ? JSON.parse(row.tags) : [],
    calls: row.calls,
    failures: row.failures,
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    spendNanoUsd: row.spend_nano_usd,
  };
}
