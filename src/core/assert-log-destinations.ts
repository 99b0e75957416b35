import { GatewayError } from './gateway-error.ts';
import type { JsonObject } from './json.ts';

/** Every call of the key is written down and sent once for each of them. */
const MAX_DESTINATIONS = 20;

/** What `metadata` may say of logging. @throws GatewayError bad_request (400) for more destinations than anybody needs */
export function assertLogDestinations({ logging }: JsonObject): void {
  if (!Array.isArray(logging) || logging.length <= MAX_DESTINATIONS) return;
  throw new GatewayError(
    'bad_request',
    `metadata.logging names ${logging.length} log destinations; there may be ${MAX_DESTINATIONS}. Leave some out, or send ` +
      'records to one place and pass them on from there.',
    { param: 'metadata' },
  );
}
