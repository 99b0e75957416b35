import type { Caller } from './caller.ts';
import type { KeyRecord } from './key.ts';
import { refuseAct } from './rights.ts';
import type { Role } from './role.ts';

/**
 * Who may do what to keys, as one table: role × act → how far the caller reaches. The first line of every verb asks it.
 * Roles that need a user row (`internal_user` and the like) get no more than a look at what is theirs.
 */
export type KeyAct =
  | 'generate'
  | 'update'
  | 'delete'
  | 'regenerate'
  | 'block'
  | 'unblock'
  | 'list'
  | 'info'
  | 'infos'
  | 'health';

/** `own`: keys of the caller's user, and the caller's key itself. `self`: only the key that is calling. */
export type Reach = 'any' | 'own' | 'self' | 'none';

type Row = Readonly<Record<Role, Reach>>;

const ADMIN_ONLY: Row = {
  proxy_admin: 'any',
  proxy_admin_viewer: 'none',
  org_admin: 'none',
  internal_user: 'none',
  internal_user_viewer: 'none',
  unknown: 'none',
};

const OWNED: Row = {
  proxy_admin: 'any',
  proxy_admin_viewer: 'any',
  org_admin: 'own',
  internal_user: 'own',
  internal_user_viewer: 'own',
  unknown: 'self',
};

const ITSELF: Row = {
  proxy_admin: 'self',
  proxy_admin_viewer: 'self',
  org_admin: 'self',
  internal_user: 'self',
  internal_user_viewer: 'self',
  unknown: 'self',
};

const KEY_ACTS: Readonly<Record<KeyAct, { route: string; reach: Row }>> = {
  generate: { route: '/key/generate', reach: ADMIN_ONLY },
  update: { route: '/key/update', reach: ADMIN_ONLY },
  delete: { route: '/key/delete', reach: ADMIN_ONLY },
  regenerate: { route: '/key/regenerate', reach: ADMIN_ONLY },
  block: { route: '/key/block', reach: ADMIN_ONLY },
  unblock: { route: '/key/unblock', reach: ADMIN_ONLY },
  list: { route: '/key/list', reach: { ...OWNED, unknown: 'none' } },
  info: { route: '/key/info', reach: OWNED },
  infos: { route: '/v2/key/info', reach: OWNED },
  health: { route: '/key/health', reach: ITSELF },
};

/**
 * How far the caller reaches with this act; never `none`.
 * Throws `not_admin` (401), or `forbidden` (403) for a viewer, whose right to look is not a right to change.
 */
export function assertMay(caller: Caller, act: KeyAct): Exclude<Reach, 'none'> {
  const { route, reach } = KEY_ACTS[act];
  const granted = reach[caller.role];
  if (granted !== 'none') return granted;
  throw refuseAct(caller, route);
}

/** Whether this key lies within the reach that `assertMay` returned. */
export function isWithinReach(reach: Reach, caller: Caller, key: KeyRecord): boolean {
  if (reach === 'any') return true;
  if (reach === 'none') return false;
  if (caller.key?.keyId === key.keyId) return true;
  return reach === 'own' && caller.userId !== null && caller.userId === key.userId;
}
