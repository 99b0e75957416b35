/**
 * `team_member_key_duration` of a team: how long keys live that people have there. A new key whose request says nothing
 * lives so long, none is made to live longer, and keys that belong to nobody (service accounts) are none of these.
 */
import { addDuration, parseDuration } from './duration.ts';
import { GatewayError } from './gateway-error.ts';
import type { JsonObject } from './json.ts';
import type { KeyRecord } from './key.ts';

/** Where a team keeps it, as in LiteLLM: in its metadata. */
export const MEMBER_KEY_DURATION = 'team_member_key_duration';

interface TeamOfKey {
  id: string;
  metadata: JsonObject;
}

/** When a key of this user in this team ends at the latest; null: the team does not say, or it is nobody's. */
function latestMemberKeyEnd(userId: string | null, team: TeamOfKey | null, nowMs: number): number | null {
  const text = userId === null ? null : team?.metadata[MEMBER_KEY_DURATION];
  const duration = typeof text === 'string' ? parseDuration(text) : undefined;
  return duration === undefined ? null : addDuration(nowMs, duration);
}

/** Throws bad_request that names `duration` where a key would outlive what its team lets keys of its people live. */
export function assertMemberKeyLives(
  { userId, expiresAtMs }: Pick<KeyRecord, 'userId' | 'expiresAtMs'>,
  team: TeamOfKey | null,
  nowMs: number,
): void {
  const endMs = latestMemberKeyEnd(userId, team, nowMs);
  if (endMs === null || team === null || (expiresAtMs !== null && expiresAtMs <= endMs)) return;
  const asked =
    expiresAtMs === null ? 'it would never expire' : `it would live until ${new Date(expiresAtMs).toISOString()}`;
  throw new GatewayError(
    'bad_request',
    `duration: a key of a member of team=${team.id} lives for ${String(team.metadata[MEMBER_KEY_DURATION])} at most ` +
      `(${MEMBER_KEY_DURATION} of the team), and ${asked}. Ask for a shorter duration, or say none for a new key.`,
    { param: 'duration' },
  );
}

/** A new key: what it asks for itself must be within its team's, and what is settled otherwise ends no later. */
export function boundMemberKey(key: KeyRecord, isAsked: boolean, team: TeamOfKey | null, nowMs: number): KeyRecord {
  const endMs = latestMemberKeyEnd(key.userId, team, nowMs);
  if (endMs === null) return key;
  if (!isAsked) return { ...key, expiresAtMs: Math.min(endMs, key.expiresAtMs ?? endMs) };
  assertMemberKeyLives(key, team, nowMs);
  return key;
}
