/** The flags that set a key's fields, for `keys create` and `keys update`, and the request body that they make. */
import type { Command } from 'commander';
import { decimal, jsonObject, list, NONE, orNone, wholeNumber } from '../command-options.ts';

interface KeyFlag {
  flags: string;
  help: string;
  field: string;
  read: (text: string) => unknown;
}

/** Flag → field of the request. `none` clears what can be cleared. */
const FLAGS: readonly KeyFlag[] = [
  { flags: '--alias <name>', help: 'a name that no other key has', field: 'key_alias', read: orNone(asIs) },
  { flags: '--models <names>', help: 'models that it may call, with commas; "" for all', field: 'models', read: list },
  { flags: '--max-budget <usd>', help: 'budget in US dollars', field: 'max_budget', read: orNone(decimal) },
  {
    flags: '--budget-duration <time>',
    help: 'when the budget starts anew: 1d, 7d, 1mo …',
    field: 'budget_duration',
    read: orNone(asIs),
  },
  {
    flags: '--budget-mode <mode>',
    help: 'standard, or hard (never exceeded)',
    field: 'budget_mode',
    read: orNone(asIs),
  },
  { flags: '--soft-budget <usd>', help: 'spend to be warned at', field: 'soft_budget', read: orNone(decimal) },
  { flags: '--rpm <n>', help: 'requests per minute', field: 'rpm_limit', read: orNone(wholeNumber(0)) },
  { flags: '--tpm <n>', help: 'tokens per minute', field: 'tpm_limit', read: orNone(wholeNumber(0)) },
  {
    flags: '--parallel <n>',
    help: 'requests at the same time',
    field: 'max_parallel_requests',
    read: orNone(wholeNumber(0)),
  },
  {
    flags: '--model-max-budget <json>',
    help: 'budgets per model, as JSON',
    field: 'model_max_budget',
    read: jsonObject,
  },
  {
    flags: '--model-rpm <json>',
    help: 'requests per minute per model, as JSON',
    field: 'model_rpm_limit',
    read: jsonObject,
  },
  {
    flags: '--model-tpm <json>',
    help: 'tokens per minute per model, as JSON',
    field: 'model_tpm_limit',
    read: jsonObject,
  },
  {
    flags: '--tag-rpm <json>',
    help: 'requests per minute per tag, as JSON',
    field: 'tag_rpm_limit',
    read: jsonObject,
  },
  {
    flags: '--duration <time>',
    help: 'how long it lives from now on: 12h, 30d …',
    field: 'duration',
    read: orNone(asIs),
  },
  { flags: '--tags <names>', help: 'tags of all its calls, with commas', field: 'tags', read: list },
  { flags: '--guardrails <names>', help: 'guardrails, with commas', field: 'guardrails', read: list },
  {
    flags: '--metadata <json>',
    help: 'anything to remember, as JSON; replaces what was there',
    field: 'metadata',
    read: jsonObject,
  },
  { flags: '--permissions <json>', help: 'permissions, as JSON', field: 'permissions', read: jsonObject },
  {
    flags: '--allowed-routes <routes>',
    help: 'routes that it may call, with commas',
    field: 'allowed_routes',
    read: list,
  },
  { flags: '--user-id <id>', help: 'whom it belongs to', field: 'user_id', read: orNone(asIs) },
  { flags: '--team-id <id>', help: 'which team it belongs to', field: 'team_id', read: orNone(asIs) },
];

export type KeyFlags = Readonly<Record<string, unknown>>;

export function addKeyFlags(command: Command): Command {
  for (const { flags, help, read } of FLAGS) command.option(flags, help, read);
  return command;
}

/** The request's fields: only what was said. */
export function toKeyFields(given: KeyFlags): Record<string, unknown> {
  const fields = FLAGS.map(({ flags, field }) => [field, given[optionName(flags)]] as const);
  return Object.fromEntries(
    fields.filter(([, value]) => value !== undefined).map(([field, value]) => [field, value === NONE ? null : value]),
  );
}

/** `--max-budget <usd>` → `maxBudget`, as commander names it. */
function optionName(flags: string): string {
  const name = flags.replace(/^--([a-z-]+) .*$/, '$1');
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function asIs(text: string): string {
  return text;
}
