/** One table of a database that is taken over: batch by batch, each in one transaction with its audit rows. */
import type { AuditEntry } from '../../core/audit.ts';
import type { BalanceAdjustment } from '../../core/balance-adjustment.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Limits } from '../../core/limits.ts';
import type { OwnerRef } from '../../core/owner.ts';
import type { Stamps } from '../../core/owner-records.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import type { LitellmRow, LitellmTable } from '../../storage/takeover/litellm-source.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { findDifferences } from './find-differences.ts';
import { planSpend, type TakenSpend, takenSpendId } from './plan-spend.ts';
import { RowReader } from './row-reader.ts';
import type { Takeover, TakeoverTarget } from './takeover.ts';
import { addFindings, addUnused, emptyReport, type TableReport } from './takeover-report.ts';

/** A row on its way: what it would be here. */
export interface Draft<R> {
  id: string;
  row: RowReader;
  record: R;
  spend: TakenSpend | null;
}

/** How the rows of one table become records of ours. */
export interface TableStep<R> {
  table: LitellmTable;
  /** Where it is not a table as it stands. */
  rows?: () => AsyncIterable<LitellmRow[]>;
  /** Its name there; several parts are joined by a space. Null: it has none. */
  idOf(values: JsonObject): string | null;
  /** Undefined: it cannot be expressed here, and the reader knows why. */
  map(row: RowReader, source: LitellmRow, id: string): R | undefined;
  /** Whose spend the row tells; null: nobody's. */
  spender?: (record: R) => OwnerRef;
  limitsOf?: (record: R) => Limits & { budgetId: string | null };
  /** Looks at what a batch could run into besides its own names: clears what is taken, or notes a conflict. */
  settle?: (drafts: readonly Draft<R>[]) => Promise<void>;
  /** Those that are here already, deleted ones too, by `idOf`. */
  find(drafts: readonly Draft<R>[]): Promise<ReadonlyMap<string, R>>;
  /** What is compared, where it is not the record itself. */
  comparable?: (record: R) => object | null;
  /** False: somebody was faster. */
  insert(unit: WriteUnit, record: R): Promise<boolean>;
  audit(record: R, spendNanoUsd: number): AuditEntry;
  /** Column → why it is not taken over. `null`: it says nothing that is not told elsewhere. */
  unused: Readonly<Record<string, string | null>>;
}

const NO_SUCH_FIELD = 'there is no such field here';

export async function takeTable<R extends Stamps>(deps: Takeover, step: TableStep<R>): Promise<TableReport> {
  const report = emptyReport(step.table.name);
  for await (const batch of step.rows?.() ?? deps.source.read(step.table)) await takeBatch(deps, step, batch, report);
  return report;
}

/** Some rows, as a part of a table's report. */
export async function takeBatch<R extends Stamps>(
  deps: TakeoverTarget,
  step: TableStep<R>,
  batch: readonly LitellmRow[],
  report: TableReport,
): Promise<void> {
  const nowMs = deps.nowMs();
  const drafts = batch.flatMap((source) => readRow(deps, step, source, { report, nowMs }));
  await step.settle?.(drafts);
  const known = await step.find(drafts);
  const fresh: Draft<R>[] = [];
  const unchanged: Draft<R>[] = [];
  for (const draft of drafts) {
    const existing = known.get(draft.id);
    if (existing !== undefined) noteConflicts(step, draft, existing);
    if (draft.row.findings.some(({ kind }) => kind === 'conflict')) report.conflicts += 1;
    else (existing === undefined ? fresh : unchanged).push(draft);
  }
  if (fresh.length > 0) await write(deps, step, fresh, nowMs);
  await compareSpends(deps, step, unchanged, nowMs);
  report.taken += fresh.length;
  report.unchanged += unchanged.length;
  for (const { row } of drafts) addFindings(report, row.findings);
}

function readRow<R>(
  deps: TakeoverTarget,
  step: TableStep<R>,
  source: LitellmRow,
  { report, nowMs }: { report: TableReport; nowMs: number },
): Draft<R>[] {
  const id = step.idOf(source.values);
  const row = new RowReader(id ?? '', source.values);
  for (const column of step.table.key) row.raw(column);
  if (id === null) row.note(null, 'has no name', 'row');
  const record = id === null ? undefined : step.map(row, source, id);
  const spend = record === undefined ? null : readSpend(deps, step, record, row, nowMs);
  report.rows += 1;
  if (id !== null && record !== undefined && !row.findings.some(({ kind }) => kind === 'row')) {
    for (const column of row.unused()) {
      const why = Object.hasOwn(step.unused, column) ? (step.unused[column] ?? null) : NO_SUCH_FIELD;
      if (why !== null) addUnused(report, { column, why });
    }
    return [{ id, row, record, spend }];
  }
  report.notMapped += 1;
  addFindings(report, row.findings);
  return [];
}

function readSpend<R>(
  deps: TakeoverTarget,
  { spender, limitsOf }: TableStep<R>,
  record: R,
  row: RowReader,
  nowMs: number,
): TakenSpend | null {
  const own = row.time('budget_reset_at');
  const linked = row.time('linked_reset_at');
  const duration = limitsOf?.(record).budgetDuration ?? null;
  if (duration !== null && own !== null && own > nowMs) {
    const endMs = deps.windowEndMs(duration, nowMs);
    if (endMs !== own) {
      const [there, here] = [new Date(own), new Date(endMs)].map((time) => time.toISOString());
      row.note(
        'budget_reset_at',
        `windows follow the calendar here: this one ends at ${here}, there it ended at ${there}`,
      );
    }
  }
  if (spender === undefined) return null;
  return {
    ref: spender(record),
    nanoUsd: row.spend(),
    lifeNanoUsd: row.spend('total_spend'),
    resetAtMs: duration === null ? linked : own,
    byModel: row.object('model_spend'),
    windows: row.windowSpends('window_spends'),
  };
}

function noteConflicts<R extends Stamps>(step: TableStep<R>, { row, record }: Draft<R>, existing: R): void {
  if (existing.deletedAtMs !== null && record.deletedAtMs === null) {
    row.note(null, 'was deleted here and stays so', 'conflict');
    return;
  }
  const comparable = step.comparable ?? ((whole: R) => whole);
  const differing = findDifferences(comparable(existing), comparable(record));
  for (const field of differing) row.note(field, 'is another value here, and stays so', 'conflict');
}

async function write<R>(
  deps: TakeoverTarget,
  step: TableStep<R>,
  drafts: readonly Draft<R>[],
  nowMs: number,
): Promise<void> {
  if (deps.transact === null) return;
  const adjustments = await planSpends(deps, step, drafts, nowMs);
  const result = await deps.transact(async (unit) => {
    for (const { id, record } of drafts) if (!(await step.insert(unit, record))) throw tooSlow(step.table.name, id);
    await unit.adjust(adjustments);
    await unit.audit(drafts.map(({ record, spend }) => step.audit(record, spend?.nanoUsd ?? 0)));
  });
  if (result.kind === 'conflict') throw tooSlow(step.table.name, result.field);
}

async function planSpends<R>(
  deps: TakeoverTarget,
  { limitsOf }: TableStep<R>,
  drafts: readonly Draft<R>[],
  nowMs: number,
): Promise<BalanceAdjustment[]> {
  if (limitsOf === undefined) return [];
  const spending = drafts.flatMap(({ record, spend }) => (spend === null ? [] : [{ limits: limitsOf(record), spend }]));
  const budgets = await findLinkedBudgets(
    { owners: deps.known.owners },
    spending.map(({ limits }) => limits.budgetId),
  );
  return spending.flatMap(({ limits, spend }) => planSpend(deps, spend, fillFrom(budgets, limits), nowMs));
}

/** What has been spent there since it was taken over does not count here by itself. */
async function compareSpends<R>(
  deps: TakeoverTarget,
  step: TableStep<R>,
  drafts: readonly Draft<R>[],
  nowMs: number,
): Promise<void> {
  const spending = drafts.flatMap(({ row, spend }) => (spend === null ? [] : [{ row, id: takenSpendId(spend.ref) }]));
  const taken = await deps.known.adjustmentsById(spending.map(({ id }) => id));
  const planned = await planSpends(deps, step, drafts, nowMs);
  const there = new Map(planned.map(({ id, deltaNanoUsd }) => [id, deltaNanoUsd]));
  for (const { row, id } of spending) {
    if ((taken.get(id) ?? 0) === (there.get(id) ?? 0)) continue;
    row.note('spend', 'is another amount there now than the one that was taken over, which is what counts here');
  }
}

function tooSlow(table: string, what: string): GatewayError {
  return new GatewayError(
    'conflict',
    `Somebody else made the same thing at the same moment (${table}: ${what}). What came before it is taken over; run the command again for the rest.`,
  );
}
