/** What `litellm_settings` says about teams: what a new one gets, and where the calls of some are logged to. */
import { z } from 'zod';
import type { JsonObject } from '../core/json.ts';
import { toNanoUsd } from '../core/money.ts';
import { MEMBER_PERMISSIONS } from '../core/team-permissions.ts';
import type { TeamsConfig } from './config.ts';
import { anyMap, choice, decimal, duration, optional, text, textList, textMap, wholeNumber } from './fields.ts';

export const teamDefaultParams = z.object({
  max_budget: optional(decimal),
  budget_duration: optional(duration),
  max_parallel_requests: optional(wholeNumber(0)),
  tpm_limit: optional(wholeNumber(0)),
  rpm_limit: optional(wholeNumber(0)),
  models: optional(textList),
  model_aliases: optional(textMap),
  organization_id: optional(text),
  metadata: optional(anyMap),
  tags: optional(textList),
  team_member_permissions: optional(
    z.array(choice(MEMBER_PERMISSIONS), { error: `expected a list of ${MEMBER_PERMISSIONS.join(', ')}` }),
  ),
  team_member_budget: optional(decimal),
  team_member_budget_duration: optional(duration),
  team_member_rpm_limit: optional(wholeNumber(0)),
  team_member_tpm_limit: optional(wholeNumber(0)),
});

/** One team of `default_team_settings`. What is not named here are variables of its log destinations. */
export const teamCallbackSettings = z
  .object({
    team_id: text,
    success_callback: optional(textList),
    failure_callback: optional(textList),
  })
  .catchall(text);

export function buildTeams(
  defaults: z.output<typeof teamDefaultParams> | null,
  settings: readonly z.output<typeof teamCallbackSettings>[] | null,
): Pick<TeamsConfig, 'defaults' | 'callbacks'> {
  return {
    defaults: {
      maxBudgetNanoUsd: nanoUsd(defaults?.max_budget),
      budgetDuration: defaults?.budget_duration ?? null,
      maxParallelRequests: defaults?.max_parallel_requests ?? null,
      tpmLimit: defaults?.tpm_limit ?? null,
      rpmLimit: defaults?.rpm_limit ?? null,
      models: defaults?.models ?? [],
      modelAliases: defaults?.model_aliases ?? {},
      organizationId: defaults?.organization_id ?? null,
      metadata: (defaults?.metadata ?? {}) as JsonObject,
      tags: defaults?.tags ?? [],
      memberPermissions: defaults?.team_member_permissions ?? null,
      memberMaxBudgetNanoUsd: nanoUsd(defaults?.team_member_budget),
      memberBudgetDuration: defaults?.team_member_budget_duration ?? null,
      memberRpmLimit: defaults?.team_member_rpm_limit ?? null,
      memberTpmLimit: defaults?.team_member_tpm_limit ?? null,
    },
    callbacks: (settings ?? []).map(
      ({ team_id: teamId, success_callback: success, failure_callback: failure, ...vars }) => ({
        teamId,
        success: success ?? [],
        failure: failure ?? [],
        vars,
      }),
    ),
  };
}

function nanoUsd(usd: number | null | undefined): number | null {
  return usd == null ? null : toNanoUsd(usd);
}
