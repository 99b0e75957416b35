import { GatewayError } from '../../core/gateway-error.ts';
import type { JsonObject } from '../../core/json.ts';
import type { KeyRecord } from '../../core/key.ts';
import type { KeyFields } from './key-fields.ts';

type Account = Pick<KeyRecord, 'teamId' | 'metadata'>;

/**
 * A key is a service account by the `service_account_id` in its metadata: it answers to a team, and stays the account that
 * it is, since what it did is found under that name. `before`: null for a new key; `fields`: what the request says.
 * Throws bad_request.
 */
export function assertServiceAccount(before: Account | null, next: Account, fields: KeyFields): void {
  const was = before === null ? null : accountOf(before.metadata);
  const is = accountOf(next.metadata);
  if (was !== null && (fields.metadata === null || is !== was)) {
    throw refuse('metadata', 'service_account_id is immutable once set: it can neither be changed nor be removed.');
  }
  const isNew = is !== was || (before !== null && before.teamId !== null);
  if (is !== null && next.teamId === null && isNew) {
    throw refuse('team_id', 'team_id is required for service account keys. Please specify `team_id`.');
  }
}

function accountOf({ service_account_id: id }: JsonObject): string | null {
  return id === undefined || id === null || id === '' ? null : JSON.stringify(id);
}

function refuse(param: string, message: string): GatewayError {
  return new GatewayError('bad_request', message, { param });
}
