import type { Actor } from '../../core/audit.ts';
import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import type { JsonObject } from '../../core/json.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import { toUsd } from '../../core/money.ts';
import { OWNER_KINDS } from '../../core/owner.ts';
import { RowReader } from './row-reader.ts';
import type { TakeoverTarget } from './takeover.ts';
import { addFindings, type TableReport } from './takeover-report.ts';

const COUNTER = new RegExp(`^(${OWNER_KINDS.join('|')}):.{1,1000}$`, 's');

/**
 * Balances of an export. Only a counter in which nothing is counted here takes one over; one audit row tells of all of a
 * batch, in the transaction that moves them.
 */
export async function takeBalances(
  deps: TakeoverTarget,
  actor: Actor,
  lines: readonly JsonObject[],
  report: TableReport,
): Promise<void> {
  const nowMs = deps.nowMs();
  const wanted = lines.flatMap((values) => readBalance(values, report));
  const present = await deps.known.balances(wanted.map(({ counter }) => counter));
  const adjustments: BalanceAdjustment[] = [];
  for (const { counter, nanoUsd, row } of wanted) {
    const there = present.get(counter) ?? 0;
    if (there === nanoUsd) report.unchanged += 1;
    else if (there === 0) {
      const id = `adj_${sha256Hex(`export ${counter}`).slice(0, 40)}`;
      adjustments.push({ id, counter, deltaNanoUsd: nanoUsd, reason: 'taken_over', atMs: nowMs });
    } else {
      report.conflicts += 1;
      row.note('nano_usd', 'is another amount here, and stays so', 'conflict');
      addFindings(report, row.findings);
    }
  }
  // Taken over before, and reset to nothing since: that is the present state here.
  const before = await deps.known.adjustmentsById(adjustments.map(({ id }) => id));
  const fresh = adjustments.filter(({ id }) => !before.has(id));
  report.conflicts += adjustments.length - fresh.length;
  report.taken += fresh.length;
  if (fresh.length === 0 || deps.transact === null) return;
  const after = Object.fromEntries(fresh.map(({ counter, deltaNanoUsd }) => [counter, toUsd(deltaNanoUsd)]));
  await deps.transact(async (unit) => {
    await unit.adjust(fresh);
    await unit.audit([
      {
        ...actor,
        id: deps.newId('audit_'),
        atMs: nowMs,
        action: 'updated',
        tableName: 'balances',
        objectId: fresh[0]?.counter ?? '',
        objectKeyId: null,
        objectName: null,
        before: null,
        after,
      },
    ]);
  });
}

function readBalance(values: JsonObject, report: TableReport): { counter: string; nanoUsd: number; row: RowReader }[] {
  const { counter, nano_usd: nanoUsd } = values;
  const row = new RowReader(typeof counter === 'string' ? counter.slice(0, 256) : '', values);
  report.rows += 1;
  if (
    typeof counter === 'string' &&
    COUNTER.test(counter) &&
    typeof nanoUsd === 'number' &&
    Number.isSafeInteger(nanoUsd)
  ) {
    return [{ counter, nanoUsd, row }];
  }
  report.notMapped += 1;
  row.note(null, 'is no counter with an amount', 'row');
  addFindings(report, row.findings);
  return [];
}
