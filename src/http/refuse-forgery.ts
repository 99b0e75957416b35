/**
 * Requests that another site makes a signed-in browser send. What changes something is accepted with a session only when
 * it says that it comes from the gateway's own pages: by a header that no foreign page can add, or by what the browser
 * itself tells about where the request came from.
 */
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../core/gateway-error.ts';

/** Any value will do. */
const CSRF_HEADER = 'x-latchkey-session';

type Source = Pick<FastifyRequest, 'method' | 'headers' | 'host'>;

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The refusal (403) of a request with a session that could be somebody else's doing; undefined: it is the user's own. */
export function refuseForgery(request: Source, changes: boolean): GatewayError | undefined {
  if (SAFE.has(request.method) && !changes) return undefined;
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site') return forgery();
  if (request.headers[CSRF_HEADER] !== undefined || site === 'same-origin') return undefined;
  return site === undefined && isOwnOrigin(request) === true ? undefined : forgery();
}

/** The same for signing in, where no session is at stake yet: refused only when the browser says that another site asks. */
export function refuseForeignLogin(request: Source): GatewayError | undefined {
  const site = request.headers['sec-fetch-site'];
  if (request.headers[CSRF_HEADER] !== undefined && site !== 'cross-site') return undefined;
  const foreign = site === undefined ? isOwnOrigin(request) === false : site !== 'same-origin' && site !== 'none';
  return foreign ? forgery() : undefined;
}

/** Undefined: the request does not tell. */
function isOwnOrigin({ headers, host }: Source): boolean | undefined {
  const { origin } = headers;
  if (origin === undefined) return undefined;
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  // Read like the other one, so that a port that goes without saying is none in both.
  const own = `${from.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === from.host && from.host !== '';
}

function forgery(): GatewayError {
  return new GatewayError(
    'forbidden',
    `This request could come from another site. With a session, requests that change something need the header ${CSRF_HEADER}: 1, or have to come from the gateway's own pages.`,
  );
}
