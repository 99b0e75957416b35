import type { KeyName, UsageRow } from '../../storage/usage-storage.ts';
import type { SpendManagement } from './spend-management.ts';

/** How the owners in some sums are called, by id; deleted ones too. Whoever has no name is not in it. */
export interface UsageNames {
  keys: ReadonlyMap<string, KeyName>;
  teams: ReadonlyMap<string, string>;
  organizations: ReadonlyMap<string, string>;
  users: ReadonlyMap<string, string>;
}

export type NameDeps = Pick<SpendManagement, 'usage' | 'teams' | 'organizations' | 'users'>;

/** One query for each kind of owner, however many rows there are. */
export async function nameUsage(deps: NameDeps, rows: readonly UsageRow[]): Promise<UsageNames> {
  const idsOf = (field: 'keyId' | 'teamId' | 'organizationId' | 'userId') => [
    ...new Set(rows.map((row) => row[field]).filter((id) => id !== '')),
  ];
  const [keys, teams, organizations, users] = await Promise.all([
    deps.usage.keyNames(idsOf('keyId')),
    findAliases(deps.teams, idsOf('teamId')),
    findAliases(deps.organizations, idsOf('organizationId')),
    findAliases(deps.users, idsOf('userId')),
  ]);
  return { keys, teams, organizations, users };
}

interface Aliases {
  findMany(ids: readonly string[], options: { includeDeleted: true }): Promise<{ id: string; alias: string | null }[]>;
}

async function findAliases(owners: Aliases, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const records = await owners.findMany(ids, { includeDeleted: true });
  return new Map(records.flatMap(({ id, alias }) => (alias === null ? [] : [[id, alias] as const])));
}
