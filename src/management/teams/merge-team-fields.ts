import { restoreCallbackSecrets } from '../../core/callback-secrets.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import { mergePatch } from '../../core/merge-patch.ts';
import type { TeamRecord } from '../../core/owner-records.ts';
import { buildBlankOwner } from '../owners/blank-owner.ts';
import { mergeLimits } from '../owners/limit-fields.ts';
import { MEMBER_BUDGET_FIELD } from './member-budget.ts';
import type { TeamFields } from './team-fields.ts';

/** What a field is when it has no value. Also the list of fields that a request sets one to one. */
const CLEARED = {
  alias: null,
  organizationId: null,
  budgetId: null,
  models: [],
  modelAliases: {},
  memberPermissions: null,
  blocked: false,
} satisfies Partial<TeamRecord> & Partial<TeamFields>;

type PlainField = keyof typeof CLEARED;
const PLAIN_FIELDS = Object.keys(CLEARED) as PlainField[];

/** A team of which nothing has been said yet. */
export function buildBlankTeam(id: string, createdBy: string, nowMs: number): TeamRecord {
  return { ...buildBlankOwner(id, createdBy, nowMs), ...CLEARED };
}

/** The record with what the request says laid over it; what the request does not mention stays as it is. */
export function mergeTeamFields(current: TeamRecord, fields: TeamFields): TeamRecord {
  const mentioned = PLAIN_FIELDS.filter((name) => fields[name] !== undefined);
  const plain = Object.fromEntries(mentioned.map((name) => [name, fields[name] ?? CLEARED[name]]));
  const { metadata } = fields;
  const base = metadata === undefined ? current.metadata : restoreCallbackSecrets(own(metadata), current.metadata);
  return {
    ...current,
    ...mergeLimits(current, fields.limits),
    ...plain,
    metadata: overlay(base, fields.inMetadata),
    extra: overlay(current.extra, fields.extra),
  };
}

/** With the metadata that a patch of it comes to; what it does not mention is as it is stored. */
export function withPatchedMetadata(fields: TeamFields, { metadata }: Pick<TeamRecord, 'metadata'>): TeamFields {
  const { metadataPatch, ...rest } = fields;
  return metadataPatch === undefined ? fields : { ...rest, metadata: mergePatch(metadata, metadataPatch) };
}

/** Which budget row a team's members are linked to is the gateway's to say. */
function own(metadata: JsonObject | null): JsonObject {
  const { [MEMBER_BUDGET_FIELD]: _, ...rest } = metadata ?? {};
  return rest;
}

function overlay(base: JsonObject, changes: Readonly<Record<string, Json>>): JsonObject {
  return Object.fromEntries(
    Object.entries({ ...base, ...changes }).filter(([name, value]) => value !== null || !(name in changes)),
  );
}
