import type { Caller } from '../../core/caller.ts';
import type { SpendQuery, SpendRow } from '../../storage/storage.ts';
import type { SpendManagement } from './spend-management.ts';
import { scopeToCaller, selectKey } from './spend-scope.ts';

export interface SpendLogFilter extends Omit<SpendQuery, 'keyId' | 'keyHash'> {
  /** A key by any of its names: secret, hash, key_id, alias. */
  apiKey?: string;
}

export interface SpendLogPage {
  /** Newest first. */
  rows: SpendRow[];
  /** How many there are. */
  total: number;
  /** False: there are at least so many, and more have not been counted. */
  isTotalExact: boolean;
  /** Of the teams in the rows, by id; deleted ones too. */
  teamAliases: ReadonlyMap<string, string | null>;
}

/** So many calls beyond the page asked for are looked at for the total. */
const COUNTED_AHEAD = 10_000;

/** Calls that match, newest first, as far as the caller may see them. Includes every call that has been answered. */
export async function listSpendLogs(
  deps: Pick<SpendManagement, 'spend' | 'keys' | 'teams' | 'flushLedger'>,
  caller: Caller,
  filter: SpendLogFilter,
  page: { limit: number; offset: number },
): Promise<SpendLogPage> {
  const { apiKey, ...rest } = filter;
  const key = await selectKey(deps.keys, apiKey);
  const query = key === undefined ? undefined : scopeToCaller<SpendQuery>(caller, { ...rest, ...key });
  if (query === undefined) return { rows: [], total: 0, isTotalExact: true, teamAliases: new Map() };
  await deps.flushLedger();
  const atMost = page.offset + page.limit + COUNTED_AHEAD;
  const [found, { count, isWhole }] = await Promise.all([
    // One more than is shown, so that the total tells whether there is another page.
    deps.spend.rows(query, { offset: page.offset, limit: page.limit + 1, order: 'desc' }),
    deps.spend.count(query, atMost),
  ]);
  const rows = found.slice(0, page.limit);
  const teamIds = [...new Set(rows.flatMap(({ teamId }) => teamId ?? []))];
  const teams = await deps.teams.findMany(teamIds, { includeDeleted: true });
  return {
    rows,
    total: isWhole || found.length === 0 ? count : Math.max(count, page.offset + found.length),
    isTotalExact: isWhole,
    teamAliases: new Map(teams.map(({ id, alias }) => [id, alias])),
  };
}
