import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { fillLimits, NO_LIMITS } from '../../core/limits.ts';
import { memberRef } from '../../core/owner.ts';
import type { TeamMemberRecord, TeamRecord, UserRecord } from '../../core/owner-records.ts';
import { isAdmin, mayManageTeam } from '../../core/rights.ts';
import { planMemberStart, startOf } from '../members/plan-member-start.ts';
import { assertTexts } from '../owners/assert-text.ts';
import { auditTrail } from '../owners/audit-trail.ts';
import { mergeLimits } from '../owners/limit-fields.ts';
import { getDone } from '../owners/owner-conflict.ts';
import { assertMemberLimits } from './assert-member-limits.ts';
import { memberBudgetId } from './member-budget.ts';
import { acceptNewMembers, insertMembers, type NewMember } from './new-members.ts';
import type { MemberDefaults } from './team-fields.ts';
import type { TeamManagement } from './team-management.ts';
import { getManagedTeam, noTeamForMembers } from './team-rights.ts';
import { type MemberView, type TeamView, viewTeam } from './view-team.ts';

export interface MemberAddition {
  teamId: string;
  people: readonly NewMember[];
  /** What each of them may use up in the team; what is absent is as the team's defaults say. */
  limits: MemberDefaults;
  /** Of the team's models those that they may call; null: as the team's defaults say. */
  models: readonly string[] | null;
}

/** Users and memberships in the order in which they were asked for. */
export interface AddedMembers {
  view: TeamView;
  users: readonly UserRecord[];
  memberships: readonly MemberView[];
}

const ROUTE = '/team/member_add';

/**
 * Puts people into a team, all or nobody; who is no user yet becomes one. Teams that are open to all (`available_teams`)
 * may be joined by oneself. Throws forbidden, not_found, team_member_exists, bad_request, conflict.
 */
export async function addMembers(
  deps: TeamManagement,
  caller: Caller,
  actor: Actor,
  { teamId, people: asked, limits, models }: MemberAddition,
): Promise<AddedMembers> {
  const found = await deps.owners.teams.find([teamId]);
  const mayAdd = (team: TeamRecord | undefined) =>
    getTeamToJoin(deps, caller, team, { teamId, people: asked, limits, models });
  mayAdd(found);
  if (asked.length === 0) throw new GatewayError('bad_request', 'No member/members passed in', { param: 'member' });
  assertMemberLimits(limits);
  assertTexts(models, 'allowed_models');
  const people = acceptNewMembers(asked);
  const nowMs = deps.nowMs();
  const budgetId = found === undefined ? null : memberBudgetId(found);
  const budget = budgetId === null ? null : ((await deps.owners.budgets.find([budgetId])) ?? null);
  const given = fillLimits(mergeLimits(NO_LIMITS, limits), budget);
  const start = await planMemberStart(deps, (userId) => memberRef(teamId, userId), people, given, nowMs);

  const done = await deps.transact(async (unit) => {
    const team = mayAdd(await unit.teams.find([teamId]));
    const { members, createdUsers } = await insertMembers(unit, deps, caller, team, { people, limits, models });
    assertNoNewNames(caller, people, createdUsers);
    const trail = auditTrail(deps, actor, nowMs);
    await unit.adjust(startOf(start, members));
    await unit.audit([
      ...createdUsers.map(trail.newUser),
      ...members.map((member) => trail.member('created', null, member)),
    ]);
    return { team, members };
  });
  const { team, members } = getDone(done);
  return viewAdded(deps, team, members);
}

/** How many ids a refusal repeats. */
const SHOWN = 10;

/**
 * Under which id somebody new will be known is not for the admin of a team or an organisation to say: whoever comes later by
 * that id, from another system as well, would find it taken. By address they may be invited. Throws forbidden.
 */
function assertNoNewNames(caller: Caller, people: readonly NewMember[], created: readonly UserRecord[]): void {
  if (isAdmin(caller)) return;
  const named = new Set(people.map(({ userId }) => userId));
  const ids = created.flatMap(({ id }) => (named.has(id) ? [id] : []));
  if (ids.length === 0) return;
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '';
  const shown = ids.slice(0, SHOWN).map((id) => id.slice(0, 64));
  const message =
    `There is no user with user_id=${shown.join(', ')}${more}. ` +
    'Only a proxy admin may add somebody by an id that is not known yet. Invite by user_email instead.';
  throw new GatewayError('forbidden', message, { param: 'member', detail: { error: message } });
}

/** The team, if the caller may add these people to it. Throws not_found, forbidden. */
export function getTeamToJoin(
  { settings }: Pick<TeamManagement, 'settings'>,
  caller: Caller,
  team: TeamRecord | undefined,
  { teamId, people, limits, models }: MemberAddition,
): TeamRecord {
  if (team !== undefined && !mayManageTeam(caller, team) && settings.availableTeamIds.includes(teamId)) {
    const joins = people.every(({ userId, role }) => role === 'user' && userId !== null && userId === caller.userId);
    if (joins && caller.path.user !== null) {
      if (Object.keys(limits).length === 0 && models === null) return team;
      throw new GatewayError(
        'forbidden',
        'Budgets, limits and models of a member are admin-only. Who joins a team by itself leaves them out.',
        { param: models === null ? 'max_budget_in_team' : 'allowed_models' },
      );
    }
  }
  return getManagedTeam(caller, team, { teamId, route: ROUTE, missing: noTeamForMembers });
}

async function viewAdded(
  deps: TeamManagement,
  team: TeamRecord,
  members: readonly TeamMemberRecord[],
): Promise<AddedMembers> {
  const added = members.map(({ userId }) => userId);
  const [view, found] = await Promise.all([viewTeam(deps, team), deps.owners.users.findMany(added)]);
  const users = new Map(found.map((user) => [user.id, user]));
  const places = new Map(view.members.map((place) => [place.member.userId, place]));
  return {
    view,
    users: added.flatMap((userId) => users.get(userId) ?? []),
    memberships: added.flatMap((userId) => places.get(userId) ?? []),
  };
}
