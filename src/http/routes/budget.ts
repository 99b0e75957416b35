/** `/budget/*`: limits under a name. */
import type { BudgetManagement } from '../../management/budgets/budget-management.ts';
import { budgetNotFound } from '../../management/budgets/budget-management.ts';
import { createBudget } from '../../management/budgets/create-budget.ts';
import { deleteBudget } from '../../management/budgets/delete-budget.ts';
import { getBudgets, listBudgets } from '../../management/budgets/get-budgets.ts';
import { updateBudget } from '../../management/budgets/update-budget.ts';
import type { OwnerManagement } from '../../management/owners/owner-management.ts';
import type { App } from '../app-instance.ts';
import { nameIgnoredFields } from '../field-headers.ts';
import {
  BUDGET_NAMES,
  BudgetDeleteBody,
  BudgetInfoBody,
  BudgetListQuery,
  BudgetNewBody,
  BudgetRow,
  BudgetRows,
  BudgetSettings,
  BudgetSettingsQuery,
  BudgetUpdateBody,
  fromBudget,
  fromBudgetSettings,
  toBudgetId,
  toNewBudget,
} from '../schemas/budget.ts';
import { toLimitClock } from '../schemas/limit-clock.ts';
import { toLimitFields } from '../schemas/limit-fields.ts';

export interface BudgetRoutesDeps {
  ownerManagement: OwnerManagement;
  budgetManagement: BudgetManagement;
}

const tags = ['budgets'];
const writes = { access: 'management', scope: 'admin', errorDetail: true } as const;
const reads = { access: 'info', scope: 'admin', errorDetail: true } as const;

export function registerBudgetRoutes(app: App, { ownerManagement, budgetManagement }: BudgetRoutesDeps): void {
  const clock = toLimitClock(ownerManagement);

  app.post(
    '/budget/new',
    {
      config: writes,
      schema: { tags, summary: 'Make a budget', body: BudgetNewBody, response: { 200: BudgetRow } },
    },
    async (request, reply) => {
      const budget = await createBudget(budgetManagement, request.caller, request.actor(), toNewBudget(request.body));
      nameIgnoredFields(reply, request.body, BUDGET_NAMES);
      return fromBudget(budget, clock);
    },
  );

  app.post(
    '/budget/update',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Change a budget for everybody who is linked to it',
        body: BudgetUpdateBody,
        response: { 200: BudgetRow },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const limits = toLimitFields(body);
      const id = toBudgetId(body);
      const budget = await updateBudget(budgetManagement, request.caller, request.actor(), id, limits);
      nameIgnoredFields(reply, body, BUDGET_NAMES);
      return fromBudget(budget, clock);
    },
  );

  app.post(
    '/budget/delete',
    {
      config: writes,
      schema: {
        tags,
        summary: 'Delete a budget that nobody is linked to',
        body: BudgetDeleteBody,
        response: { 200: BudgetRow },
      },
    },
    async (request) =>
      fromBudget(await deleteBudget(budgetManagement, request.caller, request.actor(), request.body.id), clock),
  );

  app.post(
    '/budget/info',
    {
      config: reads,
      schema: { tags, summary: 'Several budgets', body: BudgetInfoBody, response: { 200: BudgetRows } },
    },
    async (request) => {
      const budgets = await getBudgets(budgetManagement, request.caller, request.body.budgets);
      return budgets.map((budget) => fromBudget(budget, clock));
    },
  );

  app.get(
    '/budget/list',
    {
      config: reads,
      schema: { tags, summary: 'All budgets', querystring: BudgetListQuery, response: { 200: BudgetRows } },
    },
    async (request) => {
      const { page, size } = request.query;
      const budgets = await listBudgets(budgetManagement, request.caller, { limit: size, offset: (page - 1) * size });
      return budgets.map((budget) => fromBudget(budget, clock));
    },
  );

  app.get(
    '/budget/settings',
    {
      config: reads,
      schema: {
        tags,
        summary: 'The fields of a budget, for a form',
        querystring: BudgetSettingsQuery,
        response: { 200: BudgetSettings },
      },
    },
    async (request) => {
      const { budget_id: id } = request.query;
      const [budget] = await getBudgets(budgetManagement, request.caller, [id]);
      if (budget === undefined) throw budgetNotFound(id);
      return fromBudgetSettings(budget, clock);
    },
  );
}
