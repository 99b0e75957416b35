/** Signing in and out, and the sessions that there are. */
import { z } from 'zod';
import type { SessionRecord } from '../../core/session.ts';
import { toIsoTime } from './iso-time.ts';
import { pageNumberTo } from './page-numbers.ts';

const Name = z.string().max(320).nullish();

export const LoginBody = z.looseObject({
  username: Name.describe("A user's id or e-mail address, or the administrator's name (admin, or UI_USERNAME)."),
  user_email: Name,
  email: Name,
  user_id: Name,
  password: z.string().max(1_024).describe("The user's, or the administrator's: the master key, or UI_PASSWORD."),
});
export const SessionRow = z.object({
  session_id: z.string().describe('Names the session, opens nothing.'),
  kind: z.enum(['user', 'admin']),
  user_id: z.string(),
  created_at: z.string(),
  last_seen_at: z.string().describe('Up to a minute behind.'),
  expires: z.string(),
  source_ip: z.string().nullable(),
  user_agent: z.string().nullable(),
});
export const WhoAmI = z.object({
  user_id: z.string().nullable(),
  user_role: z.string(),
  kind: z.enum(['master_key', 'key', 'session']).describe('What was presented.'),
  session_id: z.string().nullable(),
  expires: z.string().nullable().describe('null: not by the clock.'),
});
export const SessionsQuery = z.object({
  user_id: z.string().optional(),
  page: pageNumberTo(1_000_000).default(1),
  size: pageNumberTo(100).default(50),
});
export const SessionsReply = z.object({
  sessions: z.array(SessionRow),
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
});
export const RevokeBody = z.looseObject({
  session_id: z.string().nullish(),
  user_id: z.string().nullish().describe('All sessions of this user.'),
});

export function fromSession(session: SessionRecord): z.output<typeof SessionRow> {
  return {
    session_id: session.id,
    kind: session.kind,
    user_id: session.userId,
    created_at: toIsoTime(session.createdAtMs),
    last_seen_at: toIsoTime(session.lastSeenAtMs),
    expires: toIsoTime(session.expiresAtMs),
    source_ip: session.sourceIp,
    user_agent: session.userAgent,
  };
}
