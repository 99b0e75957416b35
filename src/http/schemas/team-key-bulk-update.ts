/** POST /team/key/bulk_update: body → `TeamKeysUpdate`. The reply is that of /key/bulk_update. */
import { z } from 'zod';
import type { TeamKeysUpdate } from '../../management/keys/update-team-keys.ts';
import { refineBudgetRaise } from './budget-raise.ts';
import { KEY_FIELDS_SHAPE, toKeyChanges } from './key-fields.ts';
import { LaxBoolean, Texts } from './key-shapes.ts';

/** What can be alike for the keys of a team: limits and notes, neither whose a key is nor what it may call. */
const UPDATABLE = [
  'duration',
  'max_budget',
  'soft_budget',
  'budget_id',
  'budget_duration',
  'budget_mode',
  'budget_limits',
  'budget_fallbacks',
  'model_max_budget',
  'rpm_limit',
  'tpm_limit',
  'model_rpm_limit',
  'model_tpm_limit',
  'tag_rpm_limit',
  'rpm_limit_type',
  'tpm_limit_type',
  'max_parallel_requests',
  'temp_budget_increase',
  'temp_budget_expiry',
  'tags',
  'metadata',
  'guardrails',
  'auto_rotate',
  'rotation_interval',
] as const satisfies readonly (keyof typeof KEY_FIELDS_SHAPE)[];

type Updatable = Pick<typeof KEY_FIELDS_SHAPE, (typeof UPDATABLE)[number]>;
const shape = Object.fromEntries(UPDATABLE.map((name) => [name, KEY_FIELDS_SHAPE[name]])) as Updatable;

const UpdateFields = z
  .strictObject(shape)
  .refine((fields) => Object.values(fields).some((value) => value !== undefined), 'At least one field must be given.')
  .superRefine(refineBudgetRaise);

export const TeamKeyBulkBody = z
  .looseObject({
    team_id: z.string(),
    key_ids: Texts.nullish().describe('Secrets, hashes, key_ids or aliases; up to 500.'),
    all_keys_in_team: LaxBoolean.nullish().describe('All keys of the team that are neither blocked nor expired.'),
    update_fields: UpdateFields.describe('What to set, the same for each key; as in /key/update.'),
  })
  .refine(({ key_ids: ids, all_keys_in_team: all }) => (ids ?? []).length > 0 !== (all === true), {
    path: ['key_ids'],
    message: 'Either key_ids or all_keys_in_team must be given, and not both.',
  });

export function toTeamKeysUpdate(body: z.output<typeof TeamKeyBulkBody>): TeamKeysUpdate {
  return {
    teamId: body.team_id,
    keys: body.all_keys_in_team === true ? null : (body.key_ids ?? []),
    fields: toKeyChanges(body.update_fields as Parameters<typeof toKeyChanges>[0]),
  };
}
