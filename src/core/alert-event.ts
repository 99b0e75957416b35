/**
 * What is told to people and to webhooks: that a budget is used up so far, that a key was made, that the database is
 * away. An event says what happened and to whom; where it goes is decided in core/alert-routing.ts.
 */
import type { JsonObject } from './json.ts';
import { toUsd } from './money.ts';

export type AlertName =
  | 'budget_crossed'
  | 'soft_budget_crossed'
  | 'threshold_crossed'
  | 'projected_limit_exceeded'
  | 'key_created'
  | 'key_rotated'
  | 'key_expiring'
  | 'internal_user_created'
  | 'spend_tracked'
  | 'trouble_begun'
  | 'trouble_ended';

/** Whom it is about. A member of a team is a `user`, and the event names the team. */
export type AlertGroup = 'key' | 'user' | 'team' | 'internal_user' | 'proxy' | 'customer' | 'organization' | 'tag';

/** Never holds a secret: `tokenHash` is what the key's row holds. */
export interface AlertEvent {
  event: AlertName;
  group: AlertGroup;
  /** For people: a title, and for some events lines below it. */
  message: string;
  tokenHash: string | null;
  /** In the budget's window, or (a report) in the time that it is about. */
  spendNanoUsd: number;
  maxBudgetNanoUsd: number | null;
  softBudgetNanoUsd: number | null;
  userId: string | null;
  teamId: string | null;
  teamAlias: string | null;
  organizationId: string | null;
  customerId: string | null;
  tag: string | null;
  /** The model that the budget is for; null: for all of them. */
  model: string | null;
  userEmail: string | null;
  keyAlias: string | null;
  /** YYYY-MM-DD, UTC. */
  projectedExceededDate: string | null;
  projectedSpendNanoUsd: number | null;
}

/** An event with nothing in it but what is given. */
export function buildAlertEvent(
  given: Pick<AlertEvent, 'event' | 'group' | 'message'> & Partial<AlertEvent>,
): AlertEvent {
  return {
    tokenHash: null,
    spendNanoUsd: 0,
    maxBudgetNanoUsd: null,
    softBudgetNanoUsd: null,
    userId: null,
    teamId: null,
    teamAlias: null,
    organizationId: null,
    customerId: null,
    tag: null,
    model: null,
    userEmail: null,
    keyAlias: null,
    projectedExceededDate: null,
    projectedSpendNanoUsd: null,
    ...given,
  };
}

/** The event as webhooks get it: these fields and no others, money in dollars. */
export function toWireEvent(event: AlertEvent): JsonObject {
  return {
    event: event.event,
    event_group: event.group,
    event_message: event.message,
    token: event.tokenHash,
    spend: toUsd(event.spendNanoUsd),
    max_budget: toOptionalUsd(event.maxBudgetNanoUsd),
    soft_budget: toOptionalUsd(event.softBudgetNanoUsd),
    user_id: event.userId,
    team_id: event.teamId,
    team_alias: event.teamAlias,
    organization_id: event.organizationId,
    customer_id: event.customerId,
    user_email: event.userEmail,
    key_alias: event.keyAlias,
    // Absent in what an earlier version has left in the database to be sent.
    tag: event.tag ?? null,
    model: event.model ?? null,
    projected_exceeded_date: event.projectedExceededDate,
    projected_spend: toOptionalUsd(event.projectedSpendNanoUsd),
  };
}

function toOptionalUsd(nanoUsd: number | null): number | null {
  return nanoUsd === null ? null : toUsd(nanoUsd);
}
