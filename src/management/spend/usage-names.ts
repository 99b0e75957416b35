import type { UserRecord } from '../../core/owner-records.ts';
import type { KeyName, UsageRow } from '../../storage/usage-storage.ts';
import type { SpendManagement } from './spend-management.ts';

/** How the owners in some sums are called, by id; deleted ones too. Whoever has no name is not in it. */
export interface UsageNames {
  keys: ReadonlyMap<string, KeyName>;
  teams: ReadonlyMap<string, string>;
  organizations: ReadonlyMap<string, string>;
  users: ReadonlyMap<string, string>;
  /** Addresses of users that are there, those of the owners of keys included. */
  emails: ReadonlyMap<string, string>;
}

export type NameDeps = Pick<SpendManagement, 'usage' | 'teams' | 'organizations' | 'users'>;

/** One query for each kind of owner, however many rows there are; users last, since keys name some. */
export async function nameUsage(deps: NameDeps, rows: readonly UsageRow[]): Promise<UsageNames> {
  const idsOf = (field: 'keyId' | 'teamId' | 'organizationId' | 'userId') => [
    ...new Set(rows.map((row) => row[field]).filter((id) => id !== '')),
  ];
  const [keys, teams, organizations] = await Promise.all([
    deps.usage.keyNames(idsOf('keyId')),
    findAliases(deps.teams, idsOf('teamId')),
    findAliases(deps.organizations, idsOf('organizationId')),
  ]);
  const owners = [...keys.values()].flatMap(({ userId }) => (userId === null ? [] : [userId]));
  const userIds = [...new Set([...idsOf('userId'), ...owners])];
  const users = userIds.length === 0 ? [] : await deps.users.findMany(userIds, { includeDeleted: true });
  return { keys, teams, organizations, users: aliasesOf(users), emails: emailsOf(users) };
}

interface Aliases {
  findMany(ids: readonly string[], options: { includeDeleted: true }): Promise<{ id: string; alias: string | null }[]>;
}

async function findAliases(owners: Aliases, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  return aliasesOf(await owners.findMany(ids, { includeDeleted: true }));
}

function aliasesOf(records: readonly { id: string; alias: string | null }[]): Map<string, string> {
  return new Map(records.flatMap(({ id, alias }) => (alias === null ? [] : [[id, alias] as const])));
}

/** Whoever was deleted keeps a name in reports, and no address. */
function emailsOf(users: readonly Pick<UserRecord, 'id' | 'email' | 'deletedAtMs'>[]): Map<string, string> {
  return new Map(
    users.flatMap(({ id, email, deletedAtMs }) =>
      email === null || deletedAtMs !== null ? [] : [[id, email] as const],
    ),
  );
}
