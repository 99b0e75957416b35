import type { Caller } from '../../core/caller.ts';
import { maySeeAll, refuseAct } from '../../core/rights.ts';
import {
  type EndUserManagement,
  type EndUserView,
  endUserNotFound,
  viewEndUser,
  viewEndUsers,
} from './end-user-management.ts';

type Deps = Pick<EndUserManagement, 'owners' | 'readSpend'>;

/** Throws not_admin, not_found. */
export async function getEndUser(deps: Deps, caller: Caller, id: string): Promise<EndUserView> {
  if (!maySeeAll(caller)) throw refuseAct(caller, '/customer/info');
  const record = await deps.owners.endUsers.find([id]);
  if (record === undefined) throw endUserNotFound([id], 'end_user_id');
  return viewEndUser(deps, record);
}

/** One page, newest first. Throws not_admin. */
export async function listEndUsers(
  deps: Deps,
  caller: Caller,
  page: { limit: number; offset: number },
): Promise<{ views: EndUserView[]; total: number }> {
  if (!maySeeAll(caller)) throw refuseAct(caller, '/customer/list');
  const { records, total } = await deps.owners.endUsers.list({ scope: 'all', ...page });
  return { views: await viewEndUsers(deps, records), total };
}
