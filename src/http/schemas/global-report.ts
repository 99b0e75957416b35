/** Reports over everybody's spend, in the shapes of LiteLLM. */
import { z } from 'zod';
import { toUsd } from '../../core/money.ts';
import type { UsageRow } from '../../management/spend/spend-management.ts';
import type { UsageNames } from '../../management/spend/usage-names.ts';
import { toMetrics } from './activity.ts';
import { DAY_SHAPE, optionalText } from './usage-query.ts';

export const ReportQuery = z.object({
  ...DAY_SHAPE,
  group_by: z
    .enum(['team', 'customer', 'api_key', ''])
    .optional()
    .describe('Absent: team; with a key or user: api_key.'),
  api_key: optionalText.describe('A key by its secret, hash, key_id or alias.'),
  internal_user_id: optionalText,
  team_id: optionalText,
  customer_id: optionalText,
});

/** What calls without a team are reported under. */
const NO_TEAM = 'Unassigned';

interface Sums {
  rows: readonly UsageRow[];
  names: UsageNames;
}

/** One item per day: its teams or customers, and of each the models and keys. Sums by day, owner, model and key hash. */
export function fromOwnerReport({ rows, names }: Sums, owner: 'team' | 'customer'): Record<string, unknown>[] {
  return groupRows(rows, ({ day }) => day).map(([day, ofDay]) => ({
    group_by_day: `${day}T00:00:00+00:00`,
    [`${owner}s`]: groupRows(ofDay, (row) => (owner === 'team' ? row.teamId : row.endUser)).map(([id, ofOwner]) => ({
      ...(owner === 'team' ? { team_name: nameTeam(id, names), team_id: id || null } : { customer: id }),
      total_spend: toMetrics(ofOwner).spend,
      metadata: ofOwner.map((row) => ({
        model: row.model,
        spend: toUsd(row.spendNanoUsd),
        total_tokens: row.promptTokens + row.completionTokens,
        api_key: row.keyHash,
      })),
    })),
  }));
}

const Costs = z.object({ total_cost: z.number(), total_input_tokens: z.number(), total_output_tokens: z.number() });
export const KeyReport = z.array(
  Costs.extend({
    api_key: z.string(),
    model_details: z.array(Costs.extend({ model: z.string(), team_id: z.string().optional() })),
  }),
);

/** One item per key, the dearest first, with its models. Sums by key hash and model. */
export function fromKeyReport(rows: readonly UsageRow[]): z.output<typeof KeyReport> {
  return reportKeys(rows, (row) => ({ model: row.model, ...toCosts([row]) }));
}

/** The same with the team that paid. Sums by key hash, model and team. */
export function fromKeyTeamReport(rows: readonly UsageRow[]): z.output<typeof KeyReport> {
  return reportKeys(rows, (row) => ({ model: row.model, team_id: row.teamId, ...toCosts([row]) }));
}

type ModelDetails = z.output<typeof KeyReport>[number]['model_details'][number];

function reportKeys(rows: readonly UsageRow[], toDetails: (row: UsageRow) => ModelDetails): z.output<typeof KeyReport> {
  return groupRows(rows, ({ keyHash }) => keyHash)
    .map(([hash, ofKey]) => ({ api_key: hash, ...toCosts(ofKey), model_details: ofKey.map(toDetails) }))
    .sort((one, other) => other.total_cost - one.total_cost);
}

export const TeamSpend = z.object({
  daily_spend: z.array(z.looseObject({ date: z.string() })).describe("A day's spend by the name of the team."),
  teams: z.array(z.string()),
  total_spend_per_team: z.array(
    z.object({ team_id: z.string().describe('The name of the team.'), total_spend: z.number() }),
  ),
});

/** Sums by day and team. */
export function fromTeamSums({ rows, names }: Sums): z.output<typeof TeamSpend> {
  const nameOf = (row: UsageRow) => nameTeam(row.teamId, names);
  const teams = groupRows(rows, nameOf).map(([name, ofTeam]) => ({
    team_id: name,
    total_spend: toMetrics(ofTeam).spend,
  }));
  teams.sort((one, other) => other.total_spend - one.total_spend);
  return {
    daily_spend: groupRows(rows, ({ day }) => day).map(([date, ofDay]) => ({
      ...Object.fromEntries(groupRows(ofDay, nameOf).map(([name, ofTeam]) => [name, toMetrics(ofTeam).spend])),
      date,
    })),
    teams: teams.map(({ team_id: name }) => name),
    total_spend_per_team: teams,
  };
}

export const ProviderSpend = z.array(z.object({ provider: z.string(), spend: z.number() }));

export function fromProviderSums({ rows }: Sums): z.output<typeof ProviderSpend> {
  return groupRows(rows, ({ provider }) => provider || 'unknown')
    .map(([provider, ofProvider]) => ({ provider, spend: toMetrics(ofProvider).spend }))
    .sort((one, other) => other.spend - one.spend);
}

const DailyCalls = z.array(z.object({ date: z.string(), api_requests: z.number(), total_tokens: z.number() }));
export const CallSums = z.object({
  daily_data: DailyCalls,
  sum_api_requests: z.number(),
  sum_total_tokens: z.number(),
});
export const ModelCallSums = z.array(CallSums.extend({ model: z.string() }));

const MODELS_SHOWN = 10;

/** Oldest day first, with days written as charts show them (`Jan 22`). Sums by day. */
export function fromCallSums(rows: readonly UsageRow[]): z.output<typeof CallSums> {
  const { api_requests: calls, total_tokens: tokens } = toMetrics(rows);
  return {
    daily_data: groupRows(rows, ({ day }) => day).map(([day, ofDay]) => {
      const sums = toMetrics(ofDay);
      return { date: toChartDay(day), api_requests: sums.api_requests, total_tokens: sums.total_tokens };
    }),
    sum_api_requests: calls,
    sum_total_tokens: tokens,
  };
}

/** The models that were called most. Sums by day and model group. */
export function fromModelCallSums(rows: readonly UsageRow[]): z.output<typeof ModelCallSums> {
  return groupRows(rows, ({ modelGroup }) => modelGroup)
    .map(([model, ofModel]) => ({ model, ...fromCallSums(ofModel) }))
    .sort((one, other) => other.sum_api_requests - one.sum_api_requests)
    .slice(0, MODELS_SHOWN);
}

const CHART_DAY = new Intl.DateTimeFormat('en-US', { month: 'short', day: '2-digit', timeZone: 'UTC' });

function toChartDay(day: string): string {
  return CHART_DAY.format(Date.parse(day));
}

/** Two teams may bear one name, and a team may have none: the id tells them. */
function nameTeam(id: string, { teams }: UsageNames): string {
  return id === '' ? NO_TEAM : (teams.get(id) ?? id);
}

function toCosts(rows: readonly UsageRow[]) {
  const { spend, prompt_tokens: input, completion_tokens: output } = toMetrics(rows);
  return { total_cost: spend, total_input_tokens: input, total_output_tokens: output };
}

function groupRows(rows: readonly UsageRow[], nameOf: (row: UsageRow) => string): [string, UsageRow[]][] {
  const groups = new Map<string, UsageRow[]>();
  for (const row of rows) {
    const name = nameOf(row);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return [...groups];
}
