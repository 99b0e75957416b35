/** A LiteLLM database, taken over: what owns keys first, then the keys, so that nothing is ever linked to nothing. */
import { systemActor } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import type { LitellmRow } from '../../storage/takeover/litellm-source.ts';
import { PROXY_USER_ID } from '../users/user-management.ts';
import { deletedKeyStep, keyStep } from './key-steps.ts';
import { organizationMemberStep, teamMemberStep } from './member-steps.ts';
import { modelStep } from './model-step.ts';
import { budgetStep, endUserStep, organizationStep, tagStep, teamStep, userStep } from './owner-steps.ts';
import { takeProxySpend } from './take-proxy-spend.ts';
import { takeTable } from './take-table.ts';
import type { Takeover } from './takeover.ts';
import type { TableReport } from './takeover-report.ts';

export interface TakeoverReport {
  dryRun: boolean;
  tables: TableReport[];
  /** Tables with rows of which nothing was taken. */
  otherTables: string[];
}

/** Read along with other tables. */
const ALONGSIDE = ['LiteLLM_ModelTable', 'LiteLLM_BudgetWindowSpend', 'LiteLLM_DeprecatedVerificationToken'];

/**
 * Takes over what can be, and tells of the rest. Rows that are here already stay as they are, so a second run changes
 * nothing. A batch of rows is one transaction with an audit row for each; what is committed stays when a later one fails.
 * Throws conflict where somebody makes the same rows at the same moment; database_unavailable.
 */
export async function takeOverLitellm(deps: Takeover): Promise<TakeoverReport> {
  const { source } = deps;
  const actor = systemActor('latchkey import', deps.newId('import_'));
  const report: TakeoverReport = { dryRun: deps.transact === null, tables: [], otherTables: [] };
  const done = new Set(ALONGSIDE);
  const note = (table: TableReport): void => {
    report.tables.push(table);
    done.add(table.table);
  };
  const has = (name: string): boolean => source.tables.has(name);

  const budgets = budgetStep(deps, actor);
  if (has(budgets.table.name)) note(await takeTable(deps, budgets));
  const organizations = organizationStep(deps, actor);
  if (has(organizations.table.name)) note(await takeTable(deps, organizations));
  const users = userStep(deps, actor);
  if (has(users.table.name)) {
    let proxy: JsonObject | null = null;
    const rows = () =>
      withoutProxy(source.read(users.table), (values) => {
        proxy = values;
      });
    const taken = await takeTable(deps, { ...users, rows });
    if (proxy !== null) await takeProxySpend(deps, actor, proxy, taken);
    note(taken);
  }
  const places = organizationMemberStep(deps, actor);
  if (has(places.table.name)) note(await takeTable(deps, places));
  const teams = teamStep(deps, actor);
  if (has(teams.table.name)) {
    note(await takeTable(deps, teams));
    note(await takeTable(deps, { ...teamMemberStep(deps, actor), rows: () => source.readTeamMembers() }));
  }
  const endUsers = endUserStep(deps, actor);
  if (has(endUsers.table.name)) note(await takeTable(deps, endUsers));
  const tags = tagStep(deps, actor);
  if (has(tags.table.name)) note(await takeTable(deps, tags));
  const models = modelStep(deps, actor);
  if (has(models.table.name)) note(await takeTable(deps, models));
  for (const keys of [keyStep(deps, actor), deletedKeyStep(deps, actor)]) {
    if (has(keys.table.name)) note(await takeTable(deps, keys));
  }
  for (const table of source.tables.keys()) {
    if (!done.has(table) && (await source.hasRows(table))) report.otherTables.push(table);
  }
  return report;
}

/** A row of users that tells of something else. */
async function* withoutProxy(
  batches: AsyncIterable<LitellmRow[]>,
  found: (values: JsonObject) => void,
): AsyncGenerator<LitellmRow[]> {
  for await (const batch of batches) {
    for (const { values } of batch) if (values.user_id === PROXY_USER_ID) found(values);
    yield batch.filter(({ values }) => values.user_id !== PROXY_USER_ID);
  }
}
