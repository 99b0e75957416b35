import type { Actor } from '../../core/audit.ts';
import type { Caller } from '../../core/caller.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { generateKey, type NewKey } from './generate-key.ts';
import type { KeyManagement } from './key-management.ts';
import type { IssuedKey } from './view-key.ts';

/**
 * Makes a key that belongs to a team and to no person, so that it outlives whoever made it. Its metadata names it as a
 * service account: by the `service_account_id` that the request gives, else by its alias, else by one of ours.
 * Throws as `generateKey` does, and bad_request where no team is named or there is no such team.
 */
export async function generateServiceAccount(
  deps: KeyManagement,
  caller: Caller,
  actor: Actor,
  input: NewKey,
): Promise<IssuedKey> {
  const { fields } = input;
  if (!fields.teamId) throw refuse('team_id is required for service account keys. Please specify `team_id`.');
  const given = fields.metadata?.service_account_id;
  const id = typeof given === 'string' && given !== '' ? given : (fields.alias ?? deps.newId('sa_'));
  const inMetadata = { ...fields.inMetadata, service_account_id: id };
  return generateKey(deps, caller, actor, { ...input, fields: { ...fields, inMetadata } }, 'generate_service_account');
}

function refuse(message: string): GatewayError {
  return new GatewayError('bad_request', message, { param: 'team_id' });
}
