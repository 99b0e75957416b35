import { assertJsonLimits, MAX_BODY_CHARS } from '../../core/assert-json-limits.ts';
import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import { NO_LIMITS } from '../../core/limits.ts';
import { organizationMemberRef } from '../../core/owner.ts';
import type { OrganizationMemberRecord, OrganizationRecord, UserRecord } from '../../core/owner-records.ts';
import { isAdmin, isOrganizationAdmin, refuseAct } from '../../core/rights.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { assertSendsMail } from '../alerts/invite.ts';
import { assertOwnersStay } from '../keys/assert-owners-stay.ts';
import { assertThroughput } from '../keys/assert-throughput.ts';
import { buildKeyCreatedAlerts } from '../keys/key-alerts.ts';
import { buildKeyAudit } from '../keys/key-audit.ts';
import type { KeyFields } from '../keys/key-fields.ts';
import { type MintedKey, mintNewKey } from '../keys/mint-new-key.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { buildBlankOwner, nameOfCaller, newStamps } from '../owners/blank-owner.ts';
import { planFreshStart } from '../owners/fresh-start.ts';
import { buildOwnerAudit } from '../owners/owner-audit.ts';
import { acceptPlaces, joinTeams, planJoin, type TeamPlace } from '../teams/join-teams.ts';
import { applyUserDefaults } from './apply-user-defaults.ts';
import { assertMayEmpower } from './assert-may-empower.ts';
import { boundNewUser } from './bound-new-user.ts';
import { planNewSpend } from './plan-new-spend.ts';
import { planPassword } from './plan-password.ts';
import { buildUserCreatedAlerts } from './user-alerts.ts';
import { assertUserFields, mergeUserFields, type UserFields } from './user-fields.ts';
import { type UserManagement, userExists } from './user-management.ts';
import { type UserView, viewUser } from './view-user.ts';

export interface NewUser {
  /** Null: one is made up. */
  id: string | null;
  fields: UserFields;
  /** Teams to join. */
  teams: readonly TeamPlace[];
  organizationIds: readonly string[];
  /** The user is told by mail. */
  sendInviteEmail: boolean;
  /** Null: no key is made. */
  firstKey: KeyFields | null;
  /** To sign in to the dashboard with; null: the user cannot. */
  password: string | null;
  /** The request as it came: what the operator's hook for new keys is asked about. */
  request: JsonObject;
}

export interface CreatedUser {
  view: UserView;
  /** The key that was made along with the user; its secret is in here and nowhere else. */
  key: MintedKey | null;
}

/**
 * Makes a user, its memberships and its first key in one transaction, or nothing at all.
 * Throws not_admin, forbidden, conflict (a taken id or address), bad_request (a field, a team that does not exist).
 */
export async function createUser(
  deps: UserManagement,
  caller: Caller,
  actor: Actor,
  input: NewUser,
): Promise<CreatedUser> {
  assertMayCreate(caller, input);
  const { alerts } = deps.keyManagement;
  if (input.sendInviteEmail) assertSendsMail(alerts);
  assertJsonLimits(input.request, 'body', MAX_BODY_CHARS);
  const nowMs = deps.nowMs();
  const by = nameOfCaller(caller);
  const id = input.id ?? deps.newId('user_');
  assertNewId(id, 'user_id');
  assertUserFields(input.fields);
  if (input.password !== null) assertMayEmpower(deps.keyManagement, caller, id, 'password');
  if (input.fields.role === 'proxy_admin') assertMayEmpower(deps.keyManagement, caller, id, 'user_role');
  const asked = isAdmin(caller) ? input.fields : { ...input.fields, role: plainRole(input.fields, deps.defaults) };
  const fields = applyUserDefaults(asked, deps.defaults, nowMs);
  const blank: UserRecord = { ...buildBlankOwner(id, by, nowMs), email: null, role: deps.defaults.role };
  const organizations = await findOrganizations(deps, input.organizationIds);
  const record = boundNewUser(deps.keyManagement, caller, {
    user: mergeUserFields(blank, fields),
    asked: mergeUserFields(blank, asked),
    organizations,
  });
  const defaultTeams = fields.role === 'proxy_admin' ? [] : deps.defaults.teams;
  const teamPlaces = acceptPlaces(input.teams.length > 0 ? input.teams : defaultTeams);
  const places = organizations.map((organization) => placeIn(organization.id, id, by, nowMs));
  const keyDeps = keyDepsFor(deps, record, places);
  const key =
    input.firstKey === null
      ? null
      : await mintNewKey(keyDeps, caller, {
          fields: ownKey(caller, id, input),
          request: input.request,
          nowMs,
        });
  const passwordHash = await planPassword(deps, caller, id, { password: input.password ?? undefined });
  const joining = { userId: id, places: teamPlaces, by };
  const { adjustments } = await planNewSpend(deps, record, fields.spendNanoUsd ?? 0, nowMs);
  const starts = [...(await planJoin(deps, joining, nowMs)), ...(await planPlaces(deps, places, nowMs))];

  const messages = buildUserCreatedAlerts(alerts, record, input.sendInviteEmail);
  if (key !== null) {
    const facts = { spendNanoUsd: 0, invite: null, nowMs };
    messages.push(...(await buildKeyCreatedAlerts(keyDeps, caller, key.record, facts)));
  }

  const result = await deps.transact(async (unit) => {
    if (!(await unit.users.insert(record))) throw userExists('user_id', id);
    // Nothing of an earlier user of this name lives on.
    await unit.passwords.remove([id]);
    if (passwordHash != null) await unit.passwords.set(id, passwordHash);
    await unit.adjust([...adjustments, ...starts]);
    await joinOrganizations(unit, places);
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: 'created',
        table: 'LiteLLM_UserTable',
        objectId: id,
        before: null,
        after: passwordHash == null ? record : { ...record, hasPassword: true },
      }),
    ]);
    await unit.tell(messages);
    await joinTeams(unit, deps, actor, joining);
    if (key === null) return;
    await assertOwnersStay(caller, key.standing, assertThroughput)(unit, key.record, null);
    await unit.keys.insert(key.record);
    await unit.audit([buildKeyAudit(deps, actor, nowMs, { action: 'created', before: null, after: key.record })]);
  });
  if (result.kind === 'conflict') {
    if (result.field === 'user_email') throw userExists('user_email', record.email ?? '');
    throw new GatewayError('bad_request', 'A key with this alias already exists. Unique key aliases are required.', {
      param: 'key_alias',
    });
  }
  return { view: await viewUser(deps, record), key };
}

/** Administrators; and those of organisations, who bring plain users into these. */
function assertMayCreate(caller: Caller, { fields, organizationIds, teams }: NewUser): void {
  if (isAdmin(caller)) return;
  const { role } = fields;
  const plain = role == null || role === 'internal_user' || role === 'internal_user_viewer';
  const ours = organizationIds.length > 0 && organizationIds.every((id) => isOrganizationAdmin(caller, id));
  if (ours && (role === 'proxy_admin' || role === 'proxy_admin_viewer')) throw onlyAdmins(caller, role);
  if (!plain || !ours || teams.length > 0) throw refuseAct(caller, '/user/new');
}

function onlyAdmins(caller: Caller, role: string): GatewayError {
  return new GatewayError(
    'forbidden',
    'Only proxy admins can create administrative users (proxy_admin, proxy_admin_viewer). ' +
      `Asked for role=${role}. Your role=${caller.role}`,
    { param: 'user_role' },
  );
}

/** Roles that administer nothing; whatever the installation gives to new users, only its administrators give more. */
function plainRole(fields: UserFields, defaults: UserManagement['defaults']): string {
  if (fields.role != null) return fields.role;
  return defaults.role === 'internal_user_viewer' ? defaults.role : 'internal_user';
}

/** Whoever administers an organisation gives keys within it. */
function ownKey(caller: Caller, userId: string, { firstKey, organizationIds }: NewUser): KeyFields {
  if (isAdmin(caller)) return { ...firstKey, userId };
  return { ...firstKey, userId, organizationId: organizationIds[0] ?? null };
}

/** The rules for keys ask who stands behind one; this user is not written yet. */
function keyDepsFor(
  { keyManagement }: UserManagement,
  user: UserRecord,
  organizations: readonly OrganizationMemberRecord[],
): UserManagement['keyManagement'] {
  return {
    ...keyManagement,
    async standingOf(links) {
      const { path } = await keyManagement.standingOf(links);
      return { path: { ...path, user }, memberships: { teams: [], organizations } };
    },
  };
}

async function findOrganizations(
  { owners }: Pick<UserManagement, 'owners'>,
  ids: readonly string[],
): Promise<OrganizationRecord[]> {
  const wanted = [...new Set(ids)].sort();
  const found = new Map((await owners.organizations.findMany(wanted)).map((record) => [record.id, record]));
  return wanted.map((id) => found.get(id) ?? refuseUnknown(id));
}

function placeIn(organizationId: string, userId: string, by: string, nowMs: number): OrganizationMemberRecord {
  return { ...newStamps(by, nowMs), organizationId, userId, role: 'internal_user', budgetId: null };
}

/** Nobody's spend as an earlier member of that name counts for the new one. */
function planPlaces(
  deps: Parameters<typeof planFreshStart>[0],
  places: readonly OrganizationMemberRecord[],
  nowMs: number,
): ReturnType<typeof planFreshStart> {
  const refs = places.map(({ organizationId, userId }) => organizationMemberRef(organizationId, userId));
  return planFreshStart(
    deps,
    refs.map((ref) => ({ ref, limits: NO_LIMITS })),
    nowMs,
  );
}

async function joinOrganizations(unit: WriteUnit, places: readonly OrganizationMemberRecord[]): Promise<void> {
  for (const place of places) {
    // Deleted since it was looked for.
    if ((await unit.organizations.find([place.organizationId])) === undefined) refuseUnknown(place.organizationId);
    await unit.organizationMembers.insert(place);
  }
}

function refuseUnknown(organizationId: string): never {
  throw new GatewayError('bad_request', `Organization not found, passed organization_id=${organizationId}.`, {
    param: 'organizations',
  });
}
