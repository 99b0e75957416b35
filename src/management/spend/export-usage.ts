import type { Caller } from '../../core/caller.ts';
import type { UsageDimension, UsageRow } from '../../storage/usage-storage.ts';
import { askUsage, type UsageDeps, type UsageFilter } from './ask-usage.ts';
import { type NameDeps, nameUsage, type UsageNames } from './usage-names.ts';

/** Few enough that a page and its names are small. */
const PAGE = 1_000;

/** All sums by the dimensions asked for, oldest day first, a page at a time, as far as the caller may see them. */
export async function* exportUsage(
  deps: UsageDeps & NameDeps,
  caller: Caller,
  filter: UsageFilter,
  by: readonly UsageDimension[],
): AsyncGenerator<{ rows: UsageRow[]; names: UsageNames }> {
  const query = await askUsage(deps, caller, filter);
  if (query === undefined) return;
  for await (const rows of deps.usage.readAll(query, by, PAGE)) yield { rows, names: await nameUsage(deps, rows) };
}
