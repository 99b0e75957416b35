/**
 * The cookie that carries a session's token. No script can read it, no other site can make a browser send it with a form.
 * Where it can be, it has the `__Host-` prefix, so that no neighbouring host can put its own in its place.
 */
export interface CookieSettings {
  /** `Secure`: null: when the request came over https. */
  secure: boolean | null;
  /** The path below which the gateway is reached. */
  path: string;
}

/** What is asked of a request; Fastify's has it. */
export interface CookieSource {
  readonly protocol: string;
  readonly headers: { readonly cookie?: string | undefined };
}

const NAME = 'latchkey_session';

/** The token that the request carries, unchecked. Of two cookies of the name, neither is believed. */
export function findSessionToken(source: CookieSource, settings: CookieSettings): string | undefined {
  const { cookie } = source.headers;
  if (cookie === undefined) return undefined;
  const start = `${cookieName(source, settings)}=`;
  const found = cookie.split(';').filter((part) => part.trimStart().startsWith(start));
  return found.length === 1 ? found[0]?.trim().slice(start.length) : undefined;
}

/** A `set-cookie` header that keeps the token for so long. */
export function writeSessionCookie(
  source: CookieSource,
  settings: CookieSettings,
  token: string,
  maxAgeMs: number,
): string {
  const attributes = `Path=${settings.path}; Max-Age=${Math.floor(maxAgeMs / 1_000)}; HttpOnly; SameSite=Lax`;
  return `${cookieName(source, settings)}=${token}; ${attributes}${isSecure(source, settings) ? '; Secure' : ''}`;
}

/** A `set-cookie` header that takes it away. */
export function clearSessionCookie(source: CookieSource, settings: CookieSettings): string {
  return writeSessionCookie(source, settings, '', 0);
}

function cookieName(source: CookieSource, settings: CookieSettings): string {
  return isSecure(source, settings) && settings.path === '/' ? `__Host-${NAME}` : NAME;
}

function isSecure({ protocol }: CookieSource, { secure }: CookieSettings): boolean {
  return secure ?? protocol === 'https';
}
