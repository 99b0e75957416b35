/** How places in teams and organisations are taken over. */
import type { Actor } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import { memberRef } from '../../core/owner.ts';
import type { OrganizationMemberRecord, TeamMemberRecord } from '../../core/owner-records.ts';
import type { RecordReader } from '../../storage/owners/owner-storage.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { mapOrganizationMember, mapTeamMember } from './map-owners.ts';
import { nameIn } from './owner-steps.ts';
import type { Draft, TableStep } from './take-table.ts';
import type { TakeoverTarget } from './takeover.ts';

export function teamMemberStep(deps: TakeoverTarget, actor: Actor): TableStep<TeamMemberRecord> {
  const key = ['team_id', 'user_id'] as const;
  return {
    table: { name: 'LiteLLM_TeamMembership', key },
    idOf: (values) => idIn(values, key),
    map: (row, { values }) => mapTeamMember(row, namesIn(values, key), deps.nowMs()),
    spender: ({ teamId, userId }) => memberRef(teamId, userId),
    limitsOf: (record) => record,
    find: (drafts) => findPlaces(deps.known.owners.teamMembers, drafts, ({ teamId, userId }) => [teamId, userId]),
    insert: (unit, record) => unit.teamMembers.insert(record),
    audit: (record) => auditTrail(deps, actor, deps.nowMs()).member('created', null, record),
    unused: { linked_reset_at: null },
  };
}

export function organizationMemberStep(deps: TakeoverTarget, actor: Actor): TableStep<OrganizationMemberRecord> {
  const key = ['organization_id', 'user_id'] as const;
  const { organizationMembers } = deps.known.owners;
  return {
    table: { name: 'LiteLLM_OrganizationMembership', key },
    idOf: (values) => idIn(values, key),
    map: (row, { values }) => mapOrganizationMember(row, namesIn(values, key), deps.nowMs()),
    find: (drafts) => findPlaces(organizationMembers, drafts, (record) => [record.organizationId, record.userId]),
    insert: (unit, record) => unit.organizationMembers.insert(record),
    audit: (record) => auditTrail(deps, actor, deps.nowMs()).organizationMember('created', null, record),
    unused: { linked_reset_at: null },
  };
}

async function findPlaces<R extends { userId: string }>(
  reader: RecordReader<R>,
  drafts: readonly Draft<R>[],
  keyOf: (record: R) => readonly string[],
): Promise<ReadonlyMap<string, R>> {
  const found = new Map<string, R>();
  for (const { id, record } of drafts) {
    const existing = await reader.find(keyOf(record), { includeDeleted: true });
    if (existing !== undefined) found.set(id, existing);
  }
  return found;
}

function idIn(values: JsonObject, key: readonly [string, string]): string | null {
  const names = key.map((column) => nameIn(values, column));
  return names.includes(null) ? null : names.join(' ');
}

function namesIn(values: JsonObject, key: readonly [string, string]): [string, string] {
  return [nameIn(values, key[0]) ?? '', nameIn(values, key[1]) ?? ''];
}
