import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { fillLimits, type Limits, NO_LIMITS } from '../../core/limits.ts';
import { memberRef } from '../../core/owner.ts';
import type { BudgetRecord, TeamRecord } from '../../core/owner-records.ts';
import { isAdmin, refuseAct } from '../../core/rights.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { planMemberStart, startOf } from '../members/plan-member-start.ts';
import { assertBudgetExists } from '../owners/assert-budget-exists.ts';
import { assertNoNewReferences } from '../owners/assert-no-new-references.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { nameOfCaller } from '../owners/blank-owner.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import { getOrganization } from '../owners/get-organization.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { applyTeamDefaults } from './apply-team-defaults.ts';
import { assertNoNewPassThrough } from './assert-no-raise.ts';
import { assertSoftBudget } from './assert-soft-budget.ts';
import { assertTeamFields } from './assert-team-fields.ts';
import { assertWithinOrganization } from './assert-within-organization.ts';
import { mergeMemberBudget, withMemberBudget } from './member-budget.ts';
import { buildBlankTeam, mergeTeamFields } from './merge-team-fields.ts';
import { acceptNewMembers, insertMembers, type NewMember } from './new-members.ts';
import type { TeamFields } from './team-fields.ts';
import type { TeamManagement } from './team-management.ts';
import { mayGovern } from './team-rights.ts';
import { type TeamView, viewTeam } from './view-team.ts';

export interface NewTeam {
  /** Chosen by the client; null: one is made. */
  id: string | null;
  fields: TeamFields;
  members: readonly NewMember[];
}

/**
 * Makes a team. Whoever makes it becomes its admin; members who are no users yet become some. Team, members, users, the
 * members' budget row and the audit rows are one transaction.
 * Throws not_admin, forbidden, bad_request (a field, a taken id, more than the organisation has), conflict.
 */
export async function createTeam(
  deps: TeamManagement,
  caller: Caller,
  actor: Actor,
  input: NewTeam,
): Promise<TeamView> {
  const nowMs = deps.nowMs();
  const fields = applyTeamDefaults(input.fields, deps.settings, nowMs);
  if (!mayGovern(caller, { organizationId: fields.organizationId ?? null })) throw refuseAct(caller, '/team/new');
  assertTeamFields(deps, fields);
  if (input.id !== null) assertNewTeamId(input.id);
  const people = withCreator(acceptNewMembers(input.members), caller, deps.settings);
  const stamp = { id: deps.newId('budget_'), by: nameOfCaller(caller), nowMs };
  const blank = mergeTeamFields(buildBlankTeam(input.id ?? deps.newId('team_'), nameOfCaller(caller), nowMs), fields);
  assertSoftBudget(fields.limits, blank);
  const memberBudget = mergeMemberBudget(null, fields.memberDefaults, blank, stamp);
  const team = memberBudget === null ? blank : withMemberBudget(blank, memberBudget.id);
  assertNoNewReferences(caller, {}, team.metadata);
  assertNoNewPassThrough(caller, {}, team.metadata);
  const start = await planStart(deps, input.id, team, people, memberBudget);

  const done = await deps.transact(async (unit) => {
    await assertLinks(unit, deps, team);
    if (!(await unit.teams.insert(team))) throw teamExists(team.id);
    const trail = auditTrail(deps, actor, nowMs);
    if (memberBudget !== null) await unit.budgets.insert(memberBudget);
    const { members, createdUsers } = await insertMembers(unit, deps, caller, team, {
      people,
      limits: {},
      models: null,
    });
    await unit.adjust([...start.own, ...startOf(start.members, members)]);
    await unit.audit([
      trail.team('created', null, team),
      ...(memberBudget === null ? [] : [trail.budget(null, memberBudget)]),
      ...createdUsers.map(trail.newUser),
      ...members.map((member) => trail.member('created', null, member)),
    ]);
  });
  getDone(done);
  return viewTeam(deps, team);
}

/**
 * The rows that the team names exist, and it is given no more than its organisation has. Also where a team is changed, which
 * keeps what it had `before`.
 */
export async function assertLinks(
  unit: Pick<WriteUnit, 'budgets' | 'organizations'>,
  deps: Pick<TeamManagement, 'accessGroupsOf'>,
  team: TeamRecord,
  before: TeamRecord | null = null,
): Promise<void> {
  await assertBudgetExists(unit, team.budgetId);
  if (team.organizationId === null) return;
  const organization = await getOrganization(unit, team.organizationId);
  const limitsOf = async (owner: Limits & { budgetId: string | null }) =>
    fillLimits(owner, owner.budgetId === null ? null : ((await unit.budgets.find([owner.budgetId])) ?? null));
  const stateOf = async (of: TeamRecord) => ({ team: of, limits: await limitsOf(of) });
  const stays = before !== null && before.organizationId === team.organizationId;
  const [state, earlier] = [await stateOf(team), stays ? await stateOf(before) : null];
  assertWithinOrganization(deps, state, earlier, organization, await limitsOf(organization));
}

/** As LiteLLM does: who makes a team is in it, as its admin where the request says nothing else. */
function withCreator(people: NewMember[], caller: Caller, { seatsAdmins }: TeamManagement['settings']): NewMember[] {
  const { userId } = caller;
  if (isAdmin(caller) && !seatsAdmins) return people;
  if (userId === null || people.some((person) => person.userId === userId)) return people;
  return [...people, { userId, email: null, role: 'admin' }];
}

/** Only an id that a client chose can have been used before. */
async function planStart(
  deps: TeamManagement,
  chosenId: string | null,
  team: TeamRecord,
  people: readonly NewMember[],
  memberBudget: BudgetRecord | null,
) {
  if (chosenId === null) return { own: [], members: new Map() };
  const earlier = await deps.owners.teams.find([chosenId], { includeDeleted: true });
  const limits = earlier === undefined ? [team] : [team, earlier];
  const ref = { kind: 'team' as const, id: team.id };
  const refOf = (userId: string) => memberRef(team.id, userId);
  return {
    own: await planFreshStart(
      deps,
      limits.map((record) => ({ ref, limits: record })),
      team.createdAtMs,
    ),
    members: await planMemberStart(deps, refOf, people, fillLimits(NO_LIMITS, memberBudget), team.createdAtMs),
  };
}

/** The team that LiteLLM's dashboard calls as; a real one of that name would look like it. */
const RESERVED_ID = 'litellm-dashboard';

function assertNewTeamId(id: string): void {
  assertNewId(id, 'team_id');
  if (id !== RESERVED_ID) return;
  throw new GatewayError('bad_request', `Team id = ${id} is reserved. Please use a different team id.`, {
    param: 'team_id',
  });
}

function teamExists(id: string): GatewayError {
  return new GatewayError('bad_request', `Team id = ${id} already exists. Please use a different team id.`, {
    param: 'team_id',
  });
}
