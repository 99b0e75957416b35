/**
 * May these owners have anything done for them at this moment? Who is blocked may not; that holds for every key behind
 * them and for every route, and ends what is under way.
 */
import type { CallPath } from './call-path.ts';
import { GatewayError } from './gateway-error.ts';
import type { EndUserRecord } from './owner-records.ts';

/** Whose standing counts: who stands behind a key, and on whose behalf it calls. */
export type StandingKind = 'team' | 'user' | 'organization' | 'end_user';

/** The refusal, or undefined where everybody behind the caller is in good standing. */
export function refusePath(path: CallPath): GatewayError | undefined {
  for (const kind of PATH_KINDS) {
    const refusal = refuseOwner(kind, path[kind]);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** In the order of refusals. */
export const PATH_KINDS = ['team', 'user', 'organization'] as const;

export function refuseEndUser(customer: EndUserRecord | null): GatewayError | undefined {
  return refuseOwner('end_user', customer);
}

/** Null: there is no such owner, so there is nothing to hold against it. */
export function refuseOwner(
  kind: StandingKind,
  owner: { id: string; blocked: boolean } | null,
): GatewayError | undefined {
  if (owner?.blocked !== true) return undefined;
  return new GatewayError('authentication', `Authentication Error, ${BLOCKED[kind](owner.id)}`);
}

const BLOCKED: Readonly<Record<StandingKind, (id: string) => string>> = {
  team: (id) => `Team=${id} is blocked. Update via \`/team/unblock\` if your admin.`,
  user: (id) => `User=${id} is blocked. Ask an administrator to unblock the user.`,
  organization: (id) => `Organization=${id} is blocked. Ask an administrator to unblock the organization.`,
  end_user: (id) =>
    `User blocked from making LLM API Calls. User=${id}. Update via \`/customer/unblock\` if you're admin.`,
};
