import type { Deployment } from '../../core/model.ts';

const PUT_INSTEAD = '[redacted]';
/** Shorter texts would be found in innocent words. */
const MIN_SECRET_LENGTH = 6;

/** Provider keys by their prefixes, tokens by what introduces them, credentials in addresses. Masked ones (`sk-…**`) too. */
const CREDENTIALS: readonly [pattern: RegExp, replacement: string][] = [
  [/\b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|r8|csk|tgp)[-_][A-Za-z0-9_*.-]{4,}/g, PUT_INSTEAD],
  [/\bAIza[A-Za-z0-9_-]{10,}/g, PUT_INSTEAD],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g, PUT_INSTEAD],
  // Neither "bearer token" nor "Basic Information" is one.
  [/\b(Bearer)\s+(?=\S*\d|\S{16})[A-Za-z0-9._~+/=*-]{4,}/gi, `$1 ${PUT_INSTEAD}`],
  [/\b(Basic)\s+(?=\S*[0-9=]|\S*[a-z][A-Z])[A-Za-z0-9+/]{8,}={0,2}/g, `$1 ${PUT_INSTEAD}`],
  [
    /\b(api[-_ ]?key(?:\s+provided)?|access[-_ ]?token|authorization|secret|password)(["']?\s*[:=]\s*["']?)(?!\[redacted\]|Bearer |Basic )[^\s"',;&}]{4,}/gi,
    `$1$2${PUT_INSTEAD}`,
  ],
  [/(\bhttps?:\/\/)[^\s/@]+@/gi, `$1${PUT_INSTEAD}@`],
];

/**
 * Takes out of a text everything that looks like a credential, and the given secrets exactly. Says too little rather
 * than too much: a word that merely looks like a key goes too.
 */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= MIN_SECRET_LENGTH) clean = clean.replaceAll(secret, PUT_INSTEAD);
  }
  for (const [pattern, replacement] of CREDENTIALS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** Everything of a deployment that its upstream might echo and nobody else may see. */
export function secretsOf(deployment: Pick<Deployment, 'apiKey' | 'extraHeaders'> | undefined): string[] {
  if (deployment === undefined) return [];
  const { apiKey, extraHeaders } = deployment;
  return [...(apiKey === null ? [] : [apiKey]), ...Object.values(extraHeaders)];
}
