import type { Actor } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { PROXY_USER_ID } from '../users/user-management.ts';
import { planSpend, type TakenSpend, takenSpendId } from './plan-spend.ts';
import { RowReader } from './row-reader.ts';
import type { TakeoverTarget } from './takeover.ts';
import { addFindings, type TableReport } from './takeover-report.ts';

/**
 * What LiteLLM keeps as a user of a certain name is the spend of the whole proxy: no user here, but a balance. Its budget
 * stands in the configuration.
 */
export async function takeProxySpend(
  deps: TakeoverTarget,
  actor: Actor,
  values: JsonObject,
  report: TableReport,
): Promise<void> {
  const row = new RowReader(PROXY_USER_ID, values);
  const nowMs = deps.nowMs();
  const ref = { kind: 'proxy', id: PROXY_USER_ID } as const;
  const spend: TakenSpend = {
    ref,
    nanoUsd: row.spend(),
    lifeNanoUsd: 0,
    resetAtMs: row.time('budget_reset_at'),
    byModel: {},
    windows: [],
  };
  if (row.ceiling('max_budget') !== null) {
    row.note('max_budget', 'the budget of the whole proxy is litellm_settings.max_budget of the configuration');
  }
  const id = takenSpendId(ref);
  const taken = (await deps.known.adjustmentsById([id])).get(id);
  if (taken !== undefined && taken !== spend.nanoUsd) {
    row.note('spend', 'is another amount there now than the one that was taken over, which is what counts here');
  }
  report.rows += 1;
  const isNew = taken === undefined && spend.nanoUsd > 0;
  if (isNew) report.taken += 1;
  else report.unchanged += 1;
  addFindings(report, row.findings);
  if (!isNew || deps.transact === null) return;
  const adjustments = planSpend(deps, spend, { ...NO_LIMITS, ...deps.proxyWindows }, nowMs);
  await deps.transact(async (unit) => {
    await unit.adjust(adjustments);
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'updated',
        table: 'LiteLLM_UserTable',
        objectId: PROXY_USER_ID,
        before: { spendNanoUsd: 0 },
        after: { spendNanoUsd: spend.nanoUsd },
      }),
    ]);
  });
}
