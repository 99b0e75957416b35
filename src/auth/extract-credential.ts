/**
 * Where in a request the secret may stand. The first place that holds something wins, in this order: the configured
 * header, `x-litellm-api-key`, `Authorization`, then the names that the clients of other vendors use.
 */
import { GatewayError } from '../core/gateway-error.ts';

/** Request headers as Node delivers them: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type Credential = { secret: string } | { failure: GatewayError };

const VENDOR_HEADERS = ['api-key', 'x-api-key', 'x-goog-api-key', 'ocp-apim-subscription-key'] as const;
const BEARER = /^bearer +(\S.*)$/i;
/** Sent by clients that speak HTTP Basic; the key stands there as it is, not base64-encoded. */
const BASIC = /^basic +(\S.*)$/i;
/** What the AWS SDK makes of a key given as its access key id: `Credential=Bearer sk-…/date/region/service/…`. */
const AWS_SIGNATURE = /^AWS4-HMAC-SHA256 +Credential=Bearer +([^/,\s]+)/i;

/**
 * Finds what the client presented as its secret, unchecked. `keyHeaderName` is the operator's own header, in any case;
 * null when none is configured. A failure says why there is nothing to look up; it never repeats what was sent.
 */
export function extractCredential(headers: RequestHeaders, keyHeaderName: string | null): Credential {
  const own = keyHeaderName === null ? undefined : text(headers[keyHeaderName.toLowerCase()]);
  if (own !== undefined) return { secret: withoutBearer(own) };

  const litellm = text(headers['x-litellm-api-key']);
  if (litellm !== undefined) return { secret: withoutBearer(litellm) };

  const authorization = headers.authorization;
  if (authorization !== undefined) return fromAuthorization(text(authorization) ?? '');

  for (const name of VENDOR_HEADERS) {
    const secret = text(headers[name]);
    if (secret !== undefined) return { secret };
  }
  return {
    failure: new GatewayError(
      'authentication',
      keyHeaderName === null
        ? 'Authentication Error, No api key passed in.'
        : `Authentication Error, No LiteLLM Virtual Key pass. Please set header=${keyHeaderName}: Bearer <api_key>`,
    ),
  };
}

/**
 * Whether the request says in a header who is calling, well or badly. Whoever does so is never taken for the holder of
 * the session that the browser happens to send along.
 */
export function hasKeyHeader(headers: RequestHeaders, keyHeaderName: string | null): boolean {
  return (
    headers.authorization !== undefined ||
    headers['x-litellm-api-key'] !== undefined ||
    (keyHeaderName !== null && headers[keyHeaderName.toLowerCase()] !== undefined) ||
    VENDOR_HEADERS.some((name) => headers[name] !== undefined)
  );
}

function fromAuthorization(value: string): Credential {
  const secret = (BEARER.exec(value) ?? BASIC.exec(value) ?? AWS_SIGNATURE.exec(value))?.[1];
  if (secret !== undefined) return { secret };
  return {
    failure: new GatewayError(
      'authentication',
      'Authentication Error, Malformed API Key passed in. Ensure Key has `Bearer ` prefix.',
    ),
  };
}

/** A header's text without surrounding space; undefined when absent or empty. */
function text(value: string | string[] | undefined): string | undefined {
  if (typeof value !== 'string') return undefined;
  const trimmed = value.trim();
  return trimmed === '' ? undefined : trimmed;
}

function withoutBearer(value: string): string {
  return BEARER.exec(value)?.[1] ?? value;
}
