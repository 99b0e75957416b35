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
  /** Empty where they were not asked for. */
  customers: ReadonlyMap<string, string>;
}

export type NameDeps = Pick<SpendManagement, 'usage' | 'teams' | 'organizations' | 'users' | 'endUsers'>;

/**
 * One query for each kind of owner, however many rows there are; users last, since keys name some. `customers`: how they
 * are called, too. Whoever calls may name any customer, so only who sees everything is told.
 */
export async function nameUsage(
  deps: NameDeps,
  rows: readonly UsageRow[],
  { customers: withCustomers }: { customers: boolean } = { customers: false },
): Promise<UsageNames> {
  const idsOf = (field: 'keyId' | 'teamId' | 'organizationId' | 'userId' | 'endUser') => [
    ...new Set(rows.map((row) => row[field]).filter((id) => id !== '')),
  ];
  const [keys, teams, organizations, customers] = await Promise.all([
    deps.usage.keyNames(idsOf('keyId')),
    findAliases(deps.teams, idsOf('teamId')),
    findAliases(deps.organizations, idsOf('organizationId')),
    findAliases(deps.endUsers, withCustomers ? idsOf('endUser') : []),
  ]);
  const owners = [...keys.values()].flatMap(({ userId }) => (userId === null ? [] : [userId]));
  const userIds = [...new Set([...idsOf('userId'), ...owners])];
  const users = userIds.length === 0 ? [] : await deps.users.findMany(userIds, { includeDeleted: true });
  return { keys, teams, organizations, users: aliasesOf(users), emails: emailsOf(users), customers };
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
