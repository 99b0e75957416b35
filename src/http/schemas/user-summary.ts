/** A user as those see it who administer one of its teams: who it is, and nothing of its money. */
import { z } from 'zod';
import type { UserRecord } from '../../core/owner-records.ts';
import { toIsoTime } from './iso-time.ts';

export const UserSummary = z.looseObject({
  user_id: z.string(),
  user_email: z.string().nullable(),
  user_alias: z.string().nullable(),
  user_role: z.string(),
});

export function fromUser(user: UserRecord): z.output<typeof UserSummary> {
  return {
    user_id: user.id,
    user_email: user.email,
    user_alias: user.alias,
    user_role: user.role,
    created_at: toIsoTime(user.createdAtMs),
    updated_at: toIsoTime(user.updatedAtMs),
  };
}
