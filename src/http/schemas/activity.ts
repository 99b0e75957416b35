/** Daily activity as LiteLLM's dashboards read it: sums per day, and each day broken down by whatever made it up. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import type { Activity } from '../../management/spend/list-activity.ts';
import type { UsageRow } from '../../management/spend/spend-management.ts';
import { pageNumberTo } from './page-numbers.ts';
import { DAY_SHAPE, LOCAL_DAY_SHAPE, optionalText } from './usage-query.ts';

const MAX_PAGE = 1_000_000;
const MAX_PAGE_SIZE = 1_000;

export const ActivityQuery = z.object({
  ...DAY_SHAPE,
  ...LOCAL_DAY_SHAPE,
  model: optionalText,
  api_key: optionalText.describe('A key by its secret, hash, key_id or alias.'),
});

export const ActivityPageQuery = ActivityQuery.extend({
  page: pageNumberTo(MAX_PAGE).default(1),
  page_size: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE_SIZE)
    .default(MAX_PAGE_SIZE)
    .describe('Sums by day, key, model, provider and whom the report is about: what a page counts.'),
});

const Metrics = z.object({
  spend: z.number(),
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  cache_read_input_tokens: z.number(),
  cache_creation_input_tokens: z.number(),
  total_tokens: z.number(),
  successful_requests: z.number(),
  failed_requests: z.number(),
  api_requests: z.number(),
});
type MetricsOutput = z.output<typeof Metrics>;

const KeyPart = z.object({
  metrics: Metrics,
  metadata: z.object({
    key_alias: z.string().nullable(),
    team_id: z.string().nullable(),
    user_id: z.string().nullable().describe("The key's owner."),
    user_email: z.string().nullable().describe("Of the key's owner."),
    key_exists: z.boolean().describe('Whether /key/info still shows it.'),
  }),
});
const Part = z.object({
  metrics: Metrics,
  metadata: z.record(z.string(), z.unknown()),
  api_key_breakdown: z.record(z.string(), KeyPart),
});
const Parts = z.record(z.string(), Part);

export const ActivityReply = z.object({
  results: z.array(
    z.object({
      date: z.string(),
      metrics: Metrics,
      breakdown: z.object({
        models: Parts,
        model_groups: Parts,
        mcp_servers: Parts.describe('Always empty.'),
        providers: Parts,
        endpoints: Parts.describe('Always empty: sums are not kept by endpoint.'),
        api_keys: z.record(z.string(), KeyPart),
        entities: Parts,
      }),
    }),
  ),
  metadata: z
    .object({
      total_spend: z.number(),
      total_prompt_tokens: z.number(),
      total_completion_tokens: z.number(),
      total_tokens: z.number(),
      total_api_requests: z.number(),
      total_successful_requests: z.number(),
      total_failed_requests: z.number(),
      total_cache_read_input_tokens: z.number(),
      total_cache_creation_input_tokens: z.number(),
      page: z.number(),
      total_pages: z.number(),
      has_more: z.boolean(),
    })
    .describe('Totals of this page.'),
});

/** Sums of one thing, in nano-dollars until they are shown. */
interface Sum {
  rows: UsageRow[];
  keys: Map<string, UsageRow[]>;
}
type Sums = Map<string, Sum>;

/** How the entities of a row are called, and what a report says of each. */
export interface EntityNaming {
  namesOf(row: UsageRow): readonly string[];
  describe(name: string, names: Activity['names']): Record<string, unknown>;
}

export function fromActivity(
  { rows, total, names }: Activity,
  naming: EntityNaming,
  { page, page_size: size }: { page: number; page_size: number },
): z.output<typeof ActivityReply> {
  const days = new Map<string, UsageRow[]>();
  for (const row of rows) addTo(days, row.day, row);
  const totals = toMetrics(rows);
  return {
    results: [...days].map(([date, ofDay]) => ({
      date,
      metrics: toMetrics(ofDay),
      breakdown: breakDown(ofDay, names, naming),
    })),
    metadata: {
      total_spend: totals.spend,
      total_prompt_tokens: totals.prompt_tokens,
      total_completion_tokens: totals.completion_tokens,
      total_tokens: totals.total_tokens,
      total_api_requests: totals.api_requests,
      total_successful_requests: totals.successful_requests,
      total_failed_requests: totals.failed_requests,
      total_cache_read_input_tokens: totals.cache_read_input_tokens,
      total_cache_creation_input_tokens: totals.cache_creation_input_tokens,
      page,
      // LiteLLM's readers expect a first page even where nothing is on it.
      total_pages: Math.max(1, Math.ceil(total / size)),
      has_more: page * size < total,
    },
  };
}

function breakDown(rows: readonly UsageRow[], names: Activity['names'], { namesOf, describe }: EntityNaming) {
  const [models, groups, providers, entities]: [Sums, Sums, Sums, Sums] = [new Map(), new Map(), new Map(), new Map()];
  const keys = new Map<string, UsageRow[]>();
  for (const row of rows) {
    add(models, row.model, row);
    add(groups, row.modelGroup || row.model, row);
    add(providers, row.provider || 'unknown', row);
    for (const name of namesOf(row)) add(entities, name, row);
    addTo(keys, row.keyHash, row);
  }
  const plain = (sums: Sums) => toParts(sums, names, () => ({}));
  return {
    models: plain(models),
    model_groups: plain(groups),
    mcp_servers: {},
    providers: plain(providers),
    endpoints: {},
    api_keys: toKeyParts(keys, names),
    entities: toParts(entities, names, (name) => describe(name, names)),
  };
}

function add(sums: Sums, name: string, row: UsageRow): void {
  let sum = sums.get(name);
  if (sum === undefined) {
    sum = { rows: [], keys: new Map() };
    sums.set(name, sum);
  }
  sum.rows.push(row);
  addTo(sum.keys, row.keyHash, row);
}

function addTo(groups: Map<string, UsageRow[]>, name: string, row: UsageRow): void {
  const group = groups.get(name);
  if (group === undefined) groups.set(name, [row]);
  else group.push(row);
}

function toParts(sums: Sums, names: Activity['names'], describe: (name: string) => Record<string, unknown>) {
  return Object.fromEntries(
    [...sums].map(([name, { rows, keys }]) => [
      name,
      { metrics: toMetrics(rows), metadata: describe(name), api_key_breakdown: toKeyParts(keys, names) },
    ]),
  );
}

function toKeyParts(keys: ReadonlyMap<string, readonly UsageRow[]>, names: Activity['names']) {
  return Object.fromEntries(
    [...keys].map(([hash, rows]) => {
      const key = names.keys.get(rows[0]?.keyId ?? '');
      const userEmail = names.emails.get(key?.userId ?? '') ?? null;
      const metadata = {
        key_alias: key?.alias ?? null,
        team_id: key?.teamId ?? null,
        user_id: key?.userId ?? null,
        user_email: userEmail,
        key_exists: key?.lives ?? false,
      };
      return [hash, { metrics: toMetrics(rows), metadata }];
    }),
  );
}

/** Added up in whole numbers, so that it is exact whatever the order. */
export function toMetrics(rows: readonly UsageRow[]): MetricsOutput {
  const sumOf = (read: (row: UsageRow) => number) => rows.reduce((sum, row) => sum + read(row), 0);
  const calls = sumOf((row) => row.calls);
  const failures = sumOf((row) => row.failures);
  const promptTokens = sumOf((row) => row.promptTokens);
  const completionTokens = sumOf((row) => row.completionTokens);
  return {
    spend: toUsd(sumOf((row) => row.spendNanoUsd)),
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    cache_read_input_tokens: sumOf((row) => row.cacheReadTokens),
    cache_creation_input_tokens: sumOf((row) => row.cacheWriteTokens),
    total_tokens: promptTokens + completionTokens,
    successful_requests: calls - failures,
    failed_requests: failures,
    api_requests: calls,
  };
}
