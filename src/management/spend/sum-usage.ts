import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { UsageDimension, UsageRow } from '../../storage/usage-storage.ts';
import { askUsage, type UsageDeps, type UsageFilter } from './ask-usage.ts';
import { type NameDeps, nameUsage, type UsageNames } from './usage-names.ts';

/** An answer in one piece is held in memory as a whole. */
const MAX_ROWS = 50_000;
const PAGE = 2_000;

/**
 * Sums by the dimensions asked for, oldest day first, and the names in them, as far as the caller may see them. Throws
 * bad_request when there are too many for one answer.
 */
export async function sumUsage(
  deps: UsageDeps & NameDeps,
  caller: Caller,
  filter: UsageFilter,
  by: readonly UsageDimension[],
): Promise<{ rows: UsageRow[]; names: UsageNames }> {
  const query = await askUsage(deps, caller, filter);
  const rows = query === undefined ? [] : await collectUsage(deps.usage.readAll(query, by, PAGE));
  return { rows, names: await nameUsage(deps, rows) };
}

/** All of it at once. Throws bad_request when it is too much. */
export async function collectUsage(pages: AsyncIterable<UsageRow[]>): Promise<UsageRow[]> {
  const rows: UsageRow[] = [];
  for await (const page of pages) {
    rows.push(...page);
    if (rows.length > MAX_ROWS) {
      throw new GatewayError(
        'bad_request',
        `These days hold more than ${MAX_ROWS} sums, too many for one answer. Ask for fewer days, or read them from /spend/export.`,
        { param: 'end_date' },
      );
    }
  }
  return rows;
}
