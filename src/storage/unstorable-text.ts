import { GatewayError } from '../core/gateway-error.ts';

/** Neither database can keep U+0000 in text: PostgreSQL refuses it, SQLite cuts the text off there. */
export function unstorableText(cause: unknown): GatewayError {
  return new GatewayError('invalid_request', 'Text with the character U+0000 cannot be stored.', { cause });
}
