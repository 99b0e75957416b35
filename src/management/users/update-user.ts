import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { assertWithinUpperBounds } from '../../core/key-limits.ts';
import type { Limits } from '../../core/limits.ts';
import type { UserRecord } from '../../core/owner-records.ts';
import { isAdmin, isOneself, refuseAct } from '../../core/rights.ts';
import type { WriteUnit } from '../../storage/owners/owner-storage.ts';
import { assertNewId } from '../owners/assert-text.ts';
import { buildBlankOwner, changeStamps, nameOfCaller } from '../owners/blank-owner.ts';
import { fillFrom, findLinkedBudgets } from '../owners/fill-from-budgets.ts';
import { type OwnerSpendMove, planOwnerSpendMoves } from '../owners/move-owner-spend.ts';
import { buildOwnerAudit, withSpend } from '../owners/owner-audit.ts';
import { buildSessionAudit } from '../sessions/session-audit.ts';
import { assertMayEmpower } from './assert-may-empower.ts';
import { planNewSpend } from './plan-new-spend.ts';
import { type PasswordChange, planPassword } from './plan-password.ts';
import { setProxySpend } from './set-proxy-spend.ts';
import { assertUserFields, mergeUserFields, type UserFields } from './user-fields.ts';
import { PROXY_USER_ID, type UserDefaults, type UserManagement, userExists } from './user-management.ts';
import { type UserView, viewUser } from './view-user.ts';

export interface UserUpdate {
  /** One of the two, at least. An address alone finds who has it. */
  id: string | null;
  email: string | null;
  fields: UserFields;
  secret: PasswordChange;
}

/**
 * Changes the fields that the request mentions: absent keeps, null clears, a value sets. Somebody unknown is made, as in
 * LiteLLM. People may change their own name, address and metadata and nothing that gives them more.
 * Throws not_admin, forbidden, not_found, conflict (a taken address), bad_request (a field).
 */
export async function updateUser(
  deps: UserManagement,
  caller: Caller,
  actor: Actor,
  input: UserUpdate,
): Promise<UserView> {
  assertUserFields(input.fields);
  if (input.id === PROXY_USER_ID) assertNoPassword(input.secret);
  if (input.id === PROXY_USER_ID) return setProxySpend(deps, caller, actor, input.fields);
  const nowMs = deps.nowMs();
  const found = await findUser(deps, input);
  assertMayUpdate(caller, found?.id ?? input.id, input.fields, found !== undefined);
  const id = found?.id ?? input.id ?? deps.newId('user_');
  assertNewId(id, 'user_id');
  // Who is made under an address alone has it.
  const said = found === undefined && input.id === null ? { ...input.fields, email: input.email } : input.fields;
  assertUserFields(said);
  const fields = withBudgetOfRole(said, found, deps.defaults);
  if ((fields.role ?? found?.role) !== 'proxy_admin') {
    assertWithinUpperBounds(fields.limits, deps.defaults.upperBounds, nowMs);
  }
  if (input.secret.password != null) assertMayEmpower(deps.keyManagement, caller, id, 'password');
  if (fields.role === 'proxy_admin' && found?.role !== 'proxy_admin') {
    assertMayEmpower(deps.keyManagement, caller, id, 'user_role');
  }
  const passwordHash = await planPassword(deps, caller, id, input.secret);
  const by = nameOfCaller(caller);
  const blank: UserRecord = { ...buildBlankOwner(id, by, nowMs), email: null, role: deps.defaults.role };
  const { adjustments, spend } =
    found === undefined
      ? await planNewSpend(deps, mergeUserFields(blank, fields), fields.spendNanoUsd ?? 0, nowMs)
      : await planMove(deps, found, fields, nowMs);
  const result = await deps.transact(async (unit) => {
    const before = await unit.users.find([id]);
    const after =
      before === undefined
        ? mergeUserFields(blank, fields)
        : { ...mergeUserFields(before, fields), ...changeStamps(before, by, nowMs) };
    if (before !== undefined) await unit.users.update(after);
    else if (!(await unit.users.insert(after))) throw userExists('user_id', id);
    await changePassword(unit, id, passwordHash);
    const ended = await unit.sessions.end(endedBy(caller, before, after, passwordHash !== undefined));
    await unit.adjust(adjustments);
    await unit.audit([
      buildOwnerAudit(deps, actor, nowMs, {
        action: before === undefined ? 'created' : 'updated',
        table: 'LiteLLM_UserTable',
        objectId: id,
        before: withSpend(before ?? null, spend?.beforeNanoUsd),
        after: withPassword(withSpend(after, spend?.afterNanoUsd), passwordHash),
      }),
      ...ended.map((session) => buildSessionAudit(deps, actor, nowMs, 'revoked', session)),
    ]);
    return after;
  });
  if (result.kind === 'conflict') throw userExists('user_email', fields.email ?? '');
  return viewUser(deps, result.value);
}

/** Whoever becomes an `internal_user` gets the budget that the installation gives these, unless the request says another. */
function withBudgetOfRole(
  fields: UserFields,
  found: UserRecord | undefined,
  { internalUserBudget }: Pick<UserDefaults, 'internalUserBudget'>,
): UserFields {
  const becomes = fields.role === 'internal_user' && found?.role !== 'internal_user';
  if (!becomes || fields.limits.maxBudgetNanoUsd !== undefined) return fields;
  return { ...fields, limits: { ...internalUserBudget, ...fields.limits } };
}

async function changePassword(unit: WriteUnit, userId: string, hash: string | null | undefined): Promise<void> {
  if (hash === null) await unit.passwords.remove([userId]);
  else if (hash !== undefined) await unit.passwords.set(userId, hash);
}

/**
 * The sessions that end with a change: all of a user that is blocked or whose role or password changes, but for the one
 * in which people change their own password.
 */
function endedBy(caller: Caller, before: UserRecord | undefined, after: UserRecord, isNewPassword: boolean) {
  const isOther = before !== undefined && (before.role !== after.role || after.blocked);
  const exceptId = isOther ? null : caller.sessionId;
  return { userIds: isOther || isNewPassword ? [after.id] : [], exceptId };
}

/** That the password changed is told, by whether there is one now; what it is never. */
function withPassword(after: object | null, hash: string | null | undefined): object | null {
  return hash === undefined ? after : { ...after, hasPassword: hash !== null };
}

function assertNoPassword({ password }: PasswordChange): void {
  if (password === undefined) return;
  throw new GatewayError('bad_request', 'The proxy itself has no password.', { param: 'password' });
}

async function findUser(
  deps: Pick<UserManagement, 'owners'>,
  { id, email }: UserUpdate,
): Promise<UserRecord | undefined> {
  if (id !== null) return deps.owners.users.find([id]);
  if (email === null) {
    throw new GatewayError('bad_request', 'Either user_id or user_email must be passed in.', { param: 'user_id' });
  }
  const where = { email: email.trim().toLowerCase() };
  const { records } = await deps.owners.users.list({ scope: 'all', where, limit: 1, offset: 0 });
  return records[0];
}

/** What people may say about themselves. Nothing in it limits them or gives them rights. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['alias', 'email', 'metadata']);
const VIEWER_FIELDS: ReadonlySet<string> = new Set(['email']);

function assertMayUpdate(caller: Caller, id: string | null, fields: UserFields, exists: boolean): void {
  if (isAdmin(caller)) {
    // Neither a slip nor a stolen session may lock out or promote the one who acts.
    if (isOneself(caller, id)) assertNotOwnRights(fields);
    return;
  }
  if (!exists || id === null || id !== caller.userId) {
    if (caller.userId === null || caller.path.user === null) throw refuseAct(caller, '/user/update');
    throw new GatewayError('forbidden', 'You can only update yourself. Ask an administrator to change other users.', {
      param: 'user_id',
    });
  }
  const allowed = caller.role === 'proxy_admin_viewer' ? VIEWER_FIELDS : OWN_FIELDS;
  const refused = mentioned(fields).find(([name]) => !allowed.has(name));
  if (refused !== undefined) throw notOneself(refused[1]);
}

/** Nobody changes their own role or caps, whoever they are. The master key is nobody's own. */
function assertNotOwnRights(fields: UserFields): void {
  const refused = mentioned(fields).find(([name]) => !OWN_FIELDS.has(name));
  if (refused !== undefined) throw notOneself(refused[1]);
}

function notOneself(param: string): GatewayError {
  return new GatewayError('forbidden', `Nobody can change their own ${param}. Ask another administrator.`, { param });
}

const WIRE_NAMES: Readonly<Record<string, string>> = {
  alias: 'user_alias',
  email: 'user_email',
  role: 'user_role',
  spendNanoUsd: 'spend',
  maxBudgetNanoUsd: 'max_budget',
  softBudgetNanoUsd: 'soft_budget',
};

/** The fields that the request mentions, with their names on the wire. */
function mentioned({ limits, extra, ...own }: UserFields): [name: string, wire: string][] {
  const names = Object.entries({ ...own, ...limits, ...extra })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  return names.map((name) => {
    const wire = WIRE_NAMES[name] ?? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return [name, wire];
  });
}

async function planMove(
  deps: UserManagement,
  found: UserRecord,
  fields: UserFields,
  nowMs: number,
): Promise<OwnerSpendMove> {
  const planned = mergeUserFields(found, fields);
  const budgets = await findLinkedBudgets(deps, [found.budgetId, planned.budgetId]);
  const ref = { kind: 'user', id: found.id } as const;
  const [before, after]: Limits[] = [fillFrom(budgets, found), fillFrom(budgets, planned)];
  const change = { ref, before: before as Limits, after: after as Limits };
  const { spendNanoUsd } = fields;
  const [move] = await planOwnerSpendMoves(
    deps,
    [spendNanoUsd === undefined ? change : { ...change, setNanoUsd: spendNanoUsd }],
    nowMs,
  );
  return move ?? { adjustments: [], spend: null };
}
