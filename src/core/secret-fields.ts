/** Which fields of free settings hold credentials. Told by their names, and rather one too many. */
import { isJsonObject, type Json, type JsonObject } from './json.ts';

const SECRET_NAME = /key|secret|token|password|credential|authorization|header/i;
/** Numbers of tokens and prices of them; `azure_ad_token` and `aws_session_token` are neither. */
const COUNTED = /_tokens$|_cost|_per_|max_|token_rate/i;

/** What stands for a credential where it must not be seen. Sent back, it means "as it was". */
export const MASKED = '****';

/** `os.environ/NAME`: names a credential without being one. */
export function isReference(text: string): boolean {
  return text.startsWith('os.environ/');
}

/** The same settings with every credential masked. */
export function maskSecrets(settings: JsonObject): JsonObject {
  return mapSecrets(settings, (text) => (isReference(text) ? text : MASKED));
}

/** Given settings with the credentials that are stored wherever they repeat the mask. */
export function restoreSecrets(given: JsonObject, stored: JsonObject): JsonObject {
  const known = new Map<string, string>();
  mapSecrets(stored, (text, path) => {
    known.set(path, text);
    return text;
  });
  return mapSecrets(given, (text, path) => (text === MASKED ? (known.get(path) ?? text) : text));
}

/** True for a field that may hold a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !COUNTED.test(name);
}

/** A part of an address that nobody has thought of, as those of hooks are: who knows it may use it. */
export function isDrawnByLot(part: string): boolean {
  return part.length >= 20 && /[a-z]/.test(part) && /[A-Z]/.test(part) && /\d/.test(part);
}

/** The same settings with every text under a credential's name replaced; `path` tells where it stands. */
export function mapSecrets(settings: JsonObject, replace: (text: string, path: string) => string): JsonObject {
  return mapObject(settings, '', false, replace);
}

function mapObject(
  object: JsonObject,
  path: string,
  secret: boolean,
  replace: (text: string, path: string) => string,
): JsonObject {
  const entries = Object.entries(object).map(([name, value]) => {
    return [name, mapValue(value, path === '' ? name : `${path}.${name}`, secret || isSecretName(name), replace)];
  });
  return Object.fromEntries(entries);
}

function mapValue(value: Json, path: string, secret: boolean, replace: (text: string, path: string) => string): Json {
  if (Array.isArray(value)) return value.map((item, index) => mapValue(item, `${path}.${index}`, secret, replace));
  if (isJsonObject(value)) return mapObject(value, path, secret, replace);
  return secret && typeof value === 'string' ? replace(value, path) : value;
}
