import { GatewayError } from '../../core/gateway-error.ts';

/** A conflict that storage found, in the words that LiteLLM's clients look for. */
export function keyConflict(
  field: 'key_alias' | 'key' | 'idempotency_key',
  alias: string | null,
  secretParam: 'key' | 'new_key' = 'key',
): GatewayError {
  switch (field) {
    case 'key_alias':
      return new GatewayError(
        'bad_request',
        `Key with alias '${alias}' already exists. Unique key aliases across all keys are required.`,
        { param: 'key_alias' },
      );
    case 'key':
      return new GatewayError('bad_request', 'Key already exists. Choose another secret or let one be made.', {
        param: secretParam,
      });
    case 'idempotency_key':
      return new GatewayError('conflict', 'A request with this idempotency-key is being carried out.', {
        param: 'idempotency-key',
      });
  }
}
