/** /customer/* (= /end_user/*): bodies, and the row that answers. */
import { z } from 'zod';
import type { Json, JsonObject } from '../../core/json.ts';
import type { NewEndUser } from '../../management/end-users/create-end-user.ts';
import type { EndUserFields } from '../../management/end-users/end-user-fields.ts';
import type { EndUserView } from '../../management/end-users/end-user-management.ts';
import { LaxBoolean, LaxNumber, OpenObject, Texts, toCeilingNanoUsd } from './key-shapes.ts';
import { LIMIT_SHAPE, type LimitClock, toLimitFields } from './limit-fields.ts';
import { fromOwnerView, OwnerRow } from './owner-row.ts';
import { PageNumber, pageNumberTo } from './page-numbers.ts';

const SHAPE = {
  user_id: z.string().describe('What calls name: `user`, `safety_identifier`, or the header.'),
  alias: z.string().nullish(),
  blocked: LaxBoolean.nullish(),
  budget_id: z
    .string()
    .nullish()
    .describe('A row of /budget/new. Linking one takes the limits of the customer’s own away.'),
  spend: LaxNumber.nullish().describe('Sets what counts as spent in the current budget window. US dollars.'),
  allowed_model_region: z.string().nullish().describe('`eu`, `us`: only deployments of that region serve.'),
  default_model: z.string().nullish().describe('Called where the model that was asked for is not allowed.'),
  models: Texts.nullish().describe(
    'What may be called on its behalf, as in the `models` of a key. Empty: everything; null: not spoken of.',
  ),
  metadata: OpenObject.nullish(),
  object_permission: OpenObject.nullish().describe('Stored and returned; not acted on in this release.'),
  ...LIMIT_SHAPE,
};

const BOTH = 'Set either max_budget or budget_id, not both.';

function refuseBoth(body: { max_budget?: unknown; budget_id?: unknown }, context: z.core.$RefinementCtx): void {
  if (body.max_budget == null || body.budget_id == null) return;
  context.addIssue({ code: 'custom', message: BOTH, path: ['budget_id'] });
}

export const CustomerNewBody = z.looseObject(SHAPE).superRefine(refuseBoth);
/** With both, what the request says goes before what the row says. */
export const CustomerUpdateBody = z.looseObject(SHAPE);
export const CustomerIdsBody = z.looseObject({ user_ids: z.array(z.string()) });
export const CustomerInfoQuery = z.object({ end_user_id: z.string() });
export const CustomerListQuery = z.object({
  page: PageNumber.default(1),
  size: pageNumberTo(10_000).default(1_000),
});
export const CUSTOMER_NAMES = Object.keys(SHAPE);

export const CustomerRow = OwnerRow.extend({ user_id: z.string(), blocked: z.boolean() });
export const CustomerRows = z.array(CustomerRow);
export const CustomerDeleteReply = z.object({ deleted_customers: z.number(), message: z.string() });
export const CustomerBlockReply = z.object({ blocked_users: CustomerRows });

type Body = z.output<typeof CustomerNewBody>;

export function toNewEndUser(body: Body): NewEndUser {
  return { id: body.user_id, fields: toEndUserFields(body) };
}

export function toEndUserFields(body: Body): EndUserFields {
  const { spend } = body;
  return {
    alias: body.alias,
    blocked: body.blocked,
    budgetId: body.budget_id === '' ? null : body.budget_id,
    allowedModelRegion: body.allowed_model_region,
    defaultModel: body.default_model,
    // Clients that fill in null for what they leave open would otherwise open every model to the customer.
    models: body.models ?? undefined,
    metadata: body.metadata as JsonObject | null | undefined,
    limits: toLimitFields(body),
    spendNanoUsd: spend === null || spend === undefined ? spend : toCeilingNanoUsd(spend),
    extra: body.object_permission === undefined ? {} : { object_permission: body.object_permission as Json },
  };
}

export function fromEndUser(view: EndUserView, clock: LimitClock): z.output<typeof CustomerRow> {
  const { record } = view;
  return {
    object_permission: null,
    ...fromOwnerView(view, clock),
    user_id: record.id,
    alias: record.alias,
    blocked: record.blocked,
    allowed_model_region: record.allowedModelRegion,
    default_model: record.defaultModel,
  };
}
