import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { KeyRecord } from '../../core/key.ts';
import { parseKeyAddress } from '../../core/key-address.ts';
import { assertMay, refuseMember } from '../../core/permissions.ts';
import { isAdmin, mayManageTeam, teamRoleOf } from '../../core/rights.ts';
import type { KeyStore } from '../../storage/storage.ts';
import type { KeyFields } from './key-fields.ts';
import { labelKey } from './resolve-key.ts';
import type { UpdateDeps } from './update-key.ts';
import { type BulkUpdate, MAX_BULK_KEYS, updateEach } from './update-keys.ts';

export interface TeamKeysUpdate {
  teamId: string;
  /** Secrets, hashes, key_ids or aliases; null: all keys of the team that are neither blocked nor expired. */
  keys: readonly string[] | null;
  /** The same for each of them. */
  fields: KeyFields;
}

type Deps = UpdateDeps & { keys: Pick<KeyStore, 'find' | 'findMany' | 'list' | 'change'> };

/**
 * Changes keys of one team alike, each as `updateKey` does and by itself, for whoever administers the team, and for members
 * whom it lets `/key/update`: what that verb refuses of a key is told, and keeps no other from being changed.
 * Throws not_admin, team_member_permission (for whoever is not in the team as well, whether there is one or not),
 * bad_request for more than 500 keys, not_found for none.
 */
export async function updateTeamKeys(
  deps: Deps,
  caller: Caller,
  actor: Actor,
  { teamId, keys, fields }: TeamKeysUpdate,
): Promise<BulkUpdate> {
  assertMay(caller, 'update');
  await assertMayUpdate(deps, caller, teamId);
  const { found, unknown } = keys === null ? await findAll(deps, teamId) : await findNamed(deps, teamId, keys);
  if (found.length + unknown.length === 0) throw noKeys(teamId);
  const updates = found.map(({ hash, keyId }) => ({ key: hash, address: { kind: 'key_id', keyId } as const, fields }));
  const { updated, failed } = await updateEach(deps, caller, actor, updates);
  const reason = `Key not found in team ${teamId.slice(0, 100)}`;
  return { updated, failed: [...failed, ...unknown.map((text) => ({ key: labelKey(text), view: null, reason }))] };
}

async function assertMayUpdate(deps: Deps, caller: Caller, teamId: string): Promise<void> {
  const { path } = await deps.standingOf({ userId: null, teamId, organizationId: null, budgetId: null });
  const { team } = path;
  if (isAdmin(caller) || (team !== null && mayManageTeam(caller, team))) return;
  // What a team lets its members do is theirs to know.
  const known = team !== null && teamRoleOf(caller, team.id) !== null ? team : null;
  const refusal = refuseMember(caller, 'update', teamId, known);
  if (refusal !== undefined) throw refusal;
}

interface Selected {
  found: readonly KeyRecord[];
  /** As passed. */
  unknown: readonly string[];
}

async function findAll(deps: Deps, teamId: string): Promise<Selected> {
  const page = { page: 1, size: MAX_BULK_KEYS + 1, sortBy: 'created_at', sortOrder: 'asc' } as const;
  const { keys } = await deps.keys.list({ ...page, scope: 'all', teamId, status: 'active', nowMs: deps.nowMs() });
  if (keys.length > MAX_BULK_KEYS) throw tooMany('all_keys_in_team');
  return { found: keys, unknown: [] };
}

async function findNamed(deps: Deps, teamId: string, texts: readonly string[]): Promise<Selected> {
  const names = [...new Set(texts)];
  if (names.length > MAX_BULK_KEYS) throw tooMany('key_ids');
  const keys = await deps.keys.findMany(names.map(parseKeyAddress));
  const found = new Map<string, KeyRecord>();
  const unknown = names.filter((_, index) => keys[index]?.teamId !== teamId);
  for (const key of keys) if (key?.teamId === teamId) found.set(key.keyId, key);
  return { found: [...found.values()], unknown };
}

function tooMany(param: string): GatewayError {
  const message = `These are more than ${MAX_BULK_KEYS} keys, which is what can be changed at once.`;
  return new GatewayError('bad_request', message, { param });
}

function noKeys(teamId: string): GatewayError {
  return new GatewayError('not_found', `No keys found for team ${teamId.slice(0, 100)}`, { param: 'team_id' });
}
