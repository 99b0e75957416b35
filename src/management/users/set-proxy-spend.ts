import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import { assertAdmin } from '../../core/rights.ts';
import { buildBlankOwner, nameOfCaller } from '../owners/blank-owner.ts';
import { planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import type { UserFields } from './user-fields.ts';
import { PROXY_USER_ID, type UserManagement } from './user-management.ts';
import type { UserView } from './view-user.ts';

/**
 * LiteLLM counts the whole proxy's spend on a user of this name; scripts reset it so. Its budget stands in the
 * configuration. Throws not_admin, bad_request for anything but `spend`.
 */
export async function setProxySpend(
  deps: UserManagement,
  caller: Caller,
  actor: Actor,
  fields: UserFields,
): Promise<UserView> {
  assertAdmin(caller, '/user/update');
  const { spendNanoUsd } = fields;
  if (spendNanoUsd === undefined || Object.keys(fields.limits).length > 0) {
    throw new GatewayError(
      'bad_request',
      `Only the spend of ${PROXY_USER_ID} can be set; its budget is litellm_settings.max_budget of the configuration.`,
      { param: 'spend' },
    );
  }
  const nowMs = deps.nowMs();
  const ref = { kind: 'proxy', id: PROXY_USER_ID } as const;
  const limits = { ...NO_LIMITS, ...deps.proxyWindows };
  const [move] = await planOwnerSpendMoves(
    deps,
    [{ ref, before: limits, after: limits, setNanoUsd: spendNanoUsd }],
    nowMs,
  );
  await deps.transact(async (unit) => {
    await unit.adjust(move?.adjustments ?? []);
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'updated',
        table: 'LiteLLM_UserTable',
        objectId: PROXY_USER_ID,
        before: { spendNanoUsd: move?.spend?.beforeNanoUsd ?? null },
        after: { spendNanoUsd: move?.spend?.afterNanoUsd ?? null },
      }),
    ]);
  });
  return viewProxy(deps, caller, nowMs);
}

/** The whole proxy, in the shape of a user. */
export async function viewProxy(deps: UserManagement, caller: Caller, nowMs: number): Promise<UserView> {
  const blank = buildBlankOwner(PROXY_USER_ID, nameOfCaller(caller), nowMs);
  const record: UserRecord = { ...blank, ...deps.proxyWindows, email: null, role: 'internal_user' };
  const [spendNanoUsd = 0] = await deps.readSpend([
    { ref: { kind: 'proxy', id: PROXY_USER_ID }, windows: deps.proxyWindows },
  ]);
  return { record, limits: record, spendNanoUsd, memberships: [] };
}
