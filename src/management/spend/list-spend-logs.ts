import type { Caller } from '../../core/caller.ts';
import type { SpendQuery, SpendRow, SpendSort } from '../../storage/storage.ts';
import type { SpendManagement } from './spend-management.ts';
import { scopeToCaller, scopeToTeams, selectKey } from './spend-scope.ts';

export interface SpendLogFilter extends Omit<SpendQuery, 'keyId' | 'keyHash' | 'scope'> {
  /** A key by any of its names: secret, hash, key_id, alias. */
  apiKey?: string;
}

export interface SpendLogPage {
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

/** Which calls are shown, and how. */
export interface SpendLogView {
  limit: number;
  offset: number;
  /** Absent: newest first. Among the latest 10,000 that match, when it is not the time that they are sorted by. */
  sort?: { by?: SpendSort; order: 'asc' | 'desc' };
  /** Those of the teams and organisations whose calls the caller may read, too. */
  ofTeams?: boolean;
}

/**
 * Calls that match, as far as the caller may see them. Includes every call that has been answered. Throws `forbidden` for a
 * team whose calls are not the caller's to read.
 */
export async function listSpendLogs(
  deps: Pick<SpendManagement, 'spend' | 'keys' | 'teams' | 'flushLedger'>,
  caller: Caller,
  filter: SpendLogFilter,
  page: SpendLogView,
): Promise<SpendLogPage> {
  const { apiKey, ...rest } = filter;
  const key = await selectKey(deps.keys, apiKey);
  const asked = key === undefined ? undefined : { ...rest, ...key };
  const scoped = (of: SpendQuery) =>
    page.ofTeams === true ? scopeToTeams(deps.teams, caller, of) : scopeToCaller<SpendQuery>(caller, of);
  const query = asked === undefined ? undefined : await scoped(asked);
  if (query === undefined) return { rows: [], total: 0, isTotalExact: true, teamAliases: new Map() };
  await deps.flushLedger();
  const atMost = page.offset + page.limit + COUNTED_AHEAD;
  const [found, { count, isWhole }] = await Promise.all([
    // One more than is shown, so that the total tells whether there is another page.
    deps.spend.rows(query, {
      offset: page.offset,
      limit: page.limit + 1,
      order: page.sort?.order ?? 'desc',
      ...(page.sort?.by === undefined ? {} : { sortBy: page.sort.by }),
    }),
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
