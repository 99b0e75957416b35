/** A key as people read it. */
import { formatFields } from '../format-table.ts';
import { showList, showText, showTime, showUsd } from '../format-value.ts';

type Key = Record<string, unknown>;

/** The lines of one key, the most asked for first. */
export function showKey(key: Key, nowMs: number): string {
  return formatFields([
    ['key id', showText(key.key_id)],
    ['alias', showText(key.key_alias)],
    ['key', showText(key.key_name)],
    ['state', keyState(key, nowMs)],
    ['expires', showTime(key.expires)],
    ['models', showList(key.models, 'all')],
    ['spent', showUsd(key.spend)],
    ['budget', showBudget(key)],
    ['budget resets', showTime(key.budget_reset_at)],
    ['rpm', showText(key.rpm_limit)],
    ['tpm', showText(key.tpm_limit)],
    ['parallel', showText(key.max_parallel_requests)],
    ['user', showText(key.user_id)],
    ['team', showText(key.team_id)],
    ['metadata', showText(key.metadata)],
    ['created', `${showTime(key.created_at)} by ${showText(key.created_by)}`],
    ['last used', showTime(key.last_active)],
  ]);
}

/** `$10.00 per 30d (hard)`. */
export function showBudget(key: Key): string {
  const duration = typeof key.budget_duration === 'string' ? ` per ${showText(key.budget_duration)}` : '';
  const mode = key.budget_mode === 'hard' ? ' (hard)' : '';
  return typeof key.max_budget === 'number' ? showUsd(key.max_budget) + duration + mode : '-';
}

export function keyState(key: Key, nowMs: number): string {
  if (typeof key.deleted_at === 'string') return 'deleted';
  if (key.blocked === true) return 'blocked';
  return typeof key.expires === 'string' && Date.parse(key.expires) <= nowMs ? 'expired' : 'active';
}
