/**
 * Who may do what to keys, as one table: role × act. The first line of every verb asks it. Where a role reaches only so
 * far, `capacityFor` tells for the key at hand; what a key may be made into is the ceiling's business (key-ceiling.ts).
 */
import type { Caller } from './caller.ts';
import { GatewayError } from './gateway-error.ts';
import type { KeyRecord } from './key.ts';
import type { TeamRecord } from './owner-records.ts';
import { isOrganizationAdmin, mayManageTeam, refuseAct, teamRoleOf } from './rights.ts';
import type { Role } from './role.ts';
import { DEFAULT_MEMBER_PERMISSIONS } from './team-permissions.ts';

export type KeyAct =
  | 'generate'
  | 'generate_service_account'
  | 'update'
  | 'bulk_update'
  | 'delete'
  | 'regenerate'
  | 'block'
  | 'unblock'
  | 'reset_spend'
  | 'list'
  | 'aliases'
  | 'info'
  | 'infos'
  | 'health';

/**
 * `within`: keys of the caller's own, of teams that it administers or whose members may do this, and of its
 * organisations. `self`: only the key that is calling.
 */
export type Reach = 'any' | 'within' | 'self' | 'none';

/**
 * As what somebody acts on a key. A `manager` administers the key's team or organisation; a `member` is in the team whose
 * key it is, and the team opens this act to its members.
 */
export type Capacity = 'admin' | 'manager' | 'owner' | 'member' | 'self';

type Row = Readonly<Record<Role, Reach>>;

const CHANGE: Row = {
  proxy_admin: 'any',
  proxy_admin_viewer: 'none',
  org_admin: 'within',
  internal_user: 'within',
  internal_user_viewer: 'none',
  unknown: 'none',
};
const LOOK: Row = {
  proxy_admin: 'any',
  proxy_admin_viewer: 'any',
  org_admin: 'within',
  internal_user: 'within',
  internal_user_viewer: 'within',
  unknown: 'self',
};
const LIST: Row = { ...LOOK, unknown: 'none' };
const ITSELF: Row = {
  proxy_admin: 'self',
  proxy_admin_viewer: 'self',
  org_admin: 'self',
  internal_user: 'self',
  internal_user_viewer: 'self',
  unknown: 'self',
};
const ADMINS_ONLY: Row = { ...CHANGE, org_admin: 'none', internal_user: 'none' };

interface ActRule {
  route: string;
  reach: Row;
  /** Whether one's own keys can be the object, without administering anything. */
  byOwner: boolean;
  /** Under which names a team opens it to its plain members. */
  permissions: readonly string[];
}

const KEY_ACTS: Readonly<Record<KeyAct, ActRule>> = {
  generate: rule('/key/generate', CHANGE),
  generate_service_account: rule('/key/service-account/generate', CHANGE),
  update: rule('/key/update', CHANGE),
  bulk_update: { ...rule('/key/bulk_update', ADMINS_ONLY), byOwner: false },
  delete: rule('/key/delete', CHANGE),
  regenerate: { ...rule('/key/regenerate', CHANGE), permissions: ['/key/regenerate', '/key/{key_id}/regenerate'] },
  block: rule('/key/block', CHANGE),
  // Whoever blocked the key may have been somebody above its owner.
  unblock: { ...rule('/key/unblock', CHANGE), byOwner: false },
  reset_spend: { ...rule('/key/{key_id}/reset_spend', CHANGE), byOwner: false },
  list: rule('/key/list', LIST),
  aliases: rule('/key/aliases', LIST),
  info: rule('/key/info', LOOK),
  infos: { ...rule('/v2/key/info', LOOK), permissions: ['/key/info'] },
  health: rule('/key/health', ITSELF),
};

function rule(route: string, reach: Row): ActRule {
  return { route, reach, byOwner: true, permissions: [route] };
}

/**
 * How far the caller reaches with this act; never `none`.
 * Throws `not_admin` (401), or `forbidden` (403) for a viewer, whose right to look is not a right to change, and for
 * acts on many keys at once.
 */
export function assertMay(caller: Caller, act: KeyAct): Exclude<Reach, 'none'> {
  const { route, reach } = KEY_ACTS[act];
  const granted = reach[caller.role];
  if (granted !== 'none') return granted;
  if (act === 'bulk_update') {
    throw new GatewayError('forbidden', `Only proxy admins may call ${route}. Your role=${caller.role}`);
  }
  throw refuseAct(caller, route);
}

/**
 * As what the caller may do this to the key, or the refusal. A key that is not the caller's to know of is refused in the
 * same words as one that does not exist. `team`: the key's, null where there is none.
 */
export function capacityFor(
  caller: Caller,
  act: KeyAct,
  key: KeyRecord,
  team: TeamRecord | null,
): Capacity | GatewayError {
  const { reach, byOwner } = KEY_ACTS[act];
  const granted = reach[caller.role];
  if (granted === 'any') return 'admin';
  const isItself = caller.key !== null && caller.key.keyId === key.keyId;
  const isLook = reach.internal_user_viewer !== 'none';
  if (granted === 'within') {
    if (manages(caller, key, team)) return 'manager';
    if (isOwner(caller, key)) {
      if (isLook) return 'owner';
      if (!byOwner) return notByOwner(act);
      return refuseMember(caller, act, key.teamId, team) ?? 'owner';
    }
    const asMember = isLook || byOwner ? memberOutcome(caller, act, key, team, isLook) : undefined;
    if (asMember !== undefined) return asMember;
  }
  if (granted !== 'none' && isLook && isItself) return 'self';
  return refuseHidden(caller, act);
}

/**
 * What the team's permissions say of a key of the team that is not the caller's. They open all of them to be looked at,
 * and to be changed those that are nobody's in particular. Whoever may look is told that the act is not open; undefined:
 * the key is not the caller's to know of.
 */
function memberOutcome(
  caller: Caller,
  act: KeyAct,
  { teamId, userId }: KeyRecord,
  team: TeamRecord | null,
  isLook: boolean,
): 'member' | GatewayError | undefined {
  if (teamId === null) return undefined;
  const refusal = refuseMember(caller, act, teamId, team);
  if (refusal === undefined) return isLook || userId === null ? 'member' : undefined;
  // No permission would open this, so none is named.
  if (userId !== null && act === 'update') return undefined;
  return !isLook && refuseMember(caller, 'info', teamId, team) === undefined ? refusal : undefined;
}

/** The key belongs to the caller's user. */
export function isOwner(caller: Caller, key: Pick<KeyRecord, 'userId'>): boolean {
  return caller.path.user !== null && caller.userId !== null && caller.userId === key.userId;
}

/** The caller administers the key's team or organisation. Viewers administer nothing. */
function manages(caller: Caller, key: KeyRecord, team: TeamRecord | null): boolean {
  if (isOrganizationAdmin(caller, key.organizationId)) return true;
  return team !== null && mayManageTeam(caller, team);
}

/** What LiteLLM's members are not asked their permissions for: 403, where a 401 would send a client to look at its own key. */
const SAID_AS_FORBIDDEN: ReadonlySet<KeyAct> = new Set(['delete', 'block', 'unblock', 'reset_spend']);

/**
 * The refusal of somebody who is in the team and may not do this there, or who is not in it at all; undefined: its
 * permissions allow it. Without a team there is nothing to ask.
 */
export function refuseMember(
  caller: Caller,
  act: KeyAct,
  teamId: string | null,
  team: TeamRecord | null,
): GatewayError | undefined {
  if (teamId === null) return undefined;
  const { route, permissions } = KEY_ACTS[act];
  const open = team?.memberPermissions ?? DEFAULT_MEMBER_PERMISSIONS;
  const isMember = team !== null && teamRoleOf(caller, team.id) !== null;
  if (isMember && permissions.some((permission) => open.includes(permission))) return undefined;
  const list = open.map((permission) => `'${permission}'`).join(', ');
  return new GatewayError(
    SAID_AS_FORBIDDEN.has(act) ? 'forbidden' : 'team_member_permission',
    `Team member does not have permissions for endpoint: ${route}. ` +
      `You only have access to the following endpoints: [${list}] for team ${teamId}. ` +
      'To create keys for this team, please ask your proxy admin to update the team member permission settings.',
    { param: route },
  );
}

/** For a key that the caller may not know of, or that does not exist: both look the same. */
export function refuseHidden(caller: Caller, act: KeyAct): GatewayError {
  const message =
    act === 'info' || act === 'infos'
      ? `You are not allowed to access this key's info. Your role=${caller.role}. ` +
        "(user not allowed to access this key's info)"
      : `You are not authorized to ${VERBS[act] ?? 'change'} this key. Your role=${caller.role}`;
  return new GatewayError('forbidden', message, { param: 'key' });
}

const VERBS: Partial<Record<KeyAct, string>> = {
  update: 'update',
  delete: 'delete',
  regenerate: 'regenerate',
  block: 'block',
  unblock: 'unblock',
  reset_spend: 'reset the spend of',
};

function notByOwner(act: KeyAct): GatewayError {
  const what = act === 'unblock' ? 'unblock it' : 'reset its spend';
  return new GatewayError(
    'forbidden',
    `This key is yours, and only an administrator of the proxy, of its team or of its organisation may ${what}.`,
    { param: 'key' },
  );
}
