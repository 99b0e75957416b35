/** How requests name people, in teams and organisations. */
import { z } from 'zod';
import type { NewMember } from '../../management/teams/new-members.ts';

/** By id, by address, or by both; which of them is there at all is the verb's business. */
export const PERSON_SHAPE = {
  user_id: z.string().nullish(),
  user_email: z.string().nullish(),
};

export const PersonWithRole = z.looseObject({
  ...PERSON_SHAPE,
  role: z.enum(['admin', 'user']).describe('In the team.'),
});

export function toPeople(people: readonly z.output<typeof PersonWithRole>[]): NewMember[] {
  return people.map((person) => ({ ...toPerson(person), role: person.role }));
}

export function toPerson({
  user_id: userId,
  user_email: email,
}: {
  user_id?: string | null | undefined;
  user_email?: string | null | undefined;
}) {
  return { userId: userId ?? null, email: email ?? null };
}
