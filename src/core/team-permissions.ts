/** Routes that a team can open to its plain members, for keys of the team. Its admins may call them in any case. */
export const MEMBER_PERMISSIONS = [
  '/key/generate',
  '/key/update',
  '/key/delete',
  '/key/info',
  '/key/regenerate',
  '/key/{key_id}/regenerate',
  '/key/{key_id}/reset_spend',
  '/key/block',
  '/key/unblock',
  '/key/bulk_update',
  '/key/service-account/generate',
  '/key/list',
  '/key/aliases',
  '/key/health',
  '/team/daily/activity',
  '/team/daily/activity/aggregated',
  '/spend/logs',
  '/spend/logs/v2',
] as const;

export type MemberPermission = (typeof MEMBER_PERMISSIONS)[number];

/** What members may where their team says nothing. */
export const DEFAULT_MEMBER_PERMISSIONS: readonly MemberPermission[] = ['/key/info', '/key/health'];
