/** /organization/*: bodies, and the rows that answer. */
import { z } from 'zod';
import type { Json, JsonObject } from '../../core/json.ts';
import type { NewOrganization } from '../../management/organizations/create-organization.ts';
import { shownExtra } from '../../management/organizations/organization-budget.ts';
import type { OrganizationFields } from '../../management/organizations/organization-fields.ts';
import type { OrganizationListing } from '../../management/organizations/read-organizations.ts';
import type { OrganizationView } from '../../management/organizations/view-organization.ts';
import { LaxBoolean, OpenObject, Texts } from './key-shapes.ts';
import { LIMIT_SHAPE, type LimitClock, toLimitFields } from './limit-fields.ts';
import { fromOrganizationMember, OrganizationMemberRow } from './organization-member.ts';
import { fromOwnerView, OwnerRow } from './owner-row.ts';
import { fromTeamView, TeamRow } from './team-row.ts';
import { isSaid } from './unenforced-fields.ts';

const NOT_YET = 'Stored and returned; not acted on in this release.';

const FIELDS_SHAPE = {
  models: Texts.nullish().describe('Names, wildcards and access groups that the organization may call; empty: all.'),
  metadata: OpenObject.nullish().describe('Free JSON. Given: replaces the stored metadata as a whole.'),
  blocked: LaxBoolean.nullish().describe('true: every call of its keys and teams is refused.'),
  budget_id: z
    .string()
    .nullish()
    .describe('Row of limits, which must exist. Absent in /organization/new: one is made.'),
  object_permission: OpenObject.nullish().describe(NOT_YET),
  ...LIMIT_SHAPE,
};
const EXTRA = ['object_permission'] as const;

export const OrganizationNewBody = z.looseObject({
  organization_alias: z.string().min(1).describe('What people call it; need not be unique.'),
  organization_id: z.string().nullish().describe('Chosen by you; else one is made.'),
  ...FIELDS_SHAPE,
});
export const OrganizationUpdateBody = z.looseObject({
  organization_id: z.string().min(1),
  organization_alias: z.string().min(1).nullish(),
  ...FIELDS_SHAPE,
});
/**
 * The same, where a field that is misspelt is no field that was left out: it is refused. So is null for what an
 * organization always has.
 */
export const OrganizationPatchBody = z.strictObject({
  ...FIELDS_SHAPE,
  organization_alias: z.string().min(1).optional(),
  models: Texts.optional().describe('Names, wildcards and access groups that the organization may call; empty: all.'),
  object_permission: OpenObject.refine((value) => Object.keys(value).length > 0, {
    error: 'Send null to take the permissions away; an empty object changes nothing',
  })
    .nullish()
    .describe(NOT_YET),
});
export const OrganizationNameParams = z.object({ organization_id: z.string().min(1) });
export const OrganizationDeleteBody = z.looseObject({ organization_ids: Texts });
export const OrganizationInfoBody = z.looseObject({ organizations: Texts });
export const OrganizationInfoQuery = z.looseObject({ organization_id: z.string().min(1) });
export const OrganizationListQuery = z.looseObject({
  org_id: z.string().optional().describe('Just this one.'),
  org_alias: z.string().optional().describe('Part of an id or alias.'),
});
export const ORGANIZATION_NEW_NAMES = Object.keys(OrganizationNewBody.shape);
export const ORGANIZATION_UPDATE_NAMES = Object.keys(OrganizationUpdateBody.shape);

export const OrganizationRow = OwnerRow.extend({
  organization_id: z.string(),
  organization_alias: z.string().nullable(),
  budget_id: z.string().nullable(),
  litellm_budget_table: OpenObject.nullable(),
  members: z.array(OrganizationMemberRow).describe('Those that the caller may see.'),
  teams: z.array(TeamRow).describe('Those that the caller may see.'),
});
export const OrganizationRows = z.array(OrganizationRow);

type FieldsBody = z.output<z.ZodObject<typeof FIELDS_SHAPE>> & { organization_alias?: string | null | undefined };

function toFields(body: FieldsBody): OrganizationFields {
  const extra = EXTRA.filter((name) => body[name] !== undefined).map((name) => [name, body[name] as Json]);
  return {
    // An organization always has a name, so null means here that none is mentioned.
    alias: body.organization_alias ?? undefined,
    models: body.models,
    metadata: body.metadata as JsonObject | null | undefined,
    blocked: body.blocked,
    budgetId: body.budget_id === '' ? null : body.budget_id,
    limits: toLimitFields(body),
    extra: Object.fromEntries(extra),
  };
}

export function toNewOrganization(body: z.output<typeof OrganizationNewBody>): NewOrganization {
  return { id: body.organization_id || null, fields: toFields(body) };
}

export function toOrganizationFields(
  body: z.output<typeof OrganizationUpdateBody> | z.output<typeof OrganizationPatchBody>,
): OrganizationFields {
  return toFields(body);
}

export function toOrganizationListing(query: z.output<typeof OrganizationListQuery>): OrganizationListing {
  return { ids: query.org_id ? [query.org_id] : null, search: query.org_alias || null };
}

/** Given fields that the release keeps without acting on them; a header of the reply names them. */
export function findUnenforcedOrganizationFields(body: FieldsBody): string[] {
  return EXTRA.filter((name) => isSaid(body[name]));
}

export function fromOrganization(view: OrganizationView, clock: LimitClock): z.output<typeof OrganizationRow> {
  const { record, members, teams } = view;
  const row = fromOwnerView({ ...view, record: { ...record, extra: shownExtra(record) } }, clock);
  return {
    object_permission: null,
    ...row,
    spend: row.spend,
    organization_id: record.id,
    organization_alias: record.alias,
    budget_id: record.budgetId,
    litellm_budget_table: (row.litellm_budget_table ?? null) as Record<string, unknown> | null,
    members: members.map((member) => fromOrganizationMember(member, clock)),
    teams: teams.map((team) => fromTeamView(team, clock)),
  };
}
