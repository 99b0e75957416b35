/** A deployment's name where the file gives it none. */
import { createHash } from 'node:crypto';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { variableName } from './resolve-variables.ts';

const SECRET_NAME = /key|secret|token|password|credential|authorization|header/i;
const COUNTED_TOKENS = /_tokens?$|_cost/;

/**
 * Stable as long as the deployment's settings are, and different from its neighbours' (`seen` remembers what was handed
 * out). Made from what the file says before variables are filled in, and without secrets written there: a hash of a
 * guessable secret would give it away.
 */
export function nameDeployment(modelName: string, writtenParams: JsonObject, seen: Set<string>): string {
  const description = JSON.stringify([modelName, describe(writtenParams)]);
  for (let copy = 0; ; copy++) {
    const id = createHash('sha256').update(`${description}#${copy}`).digest('hex').slice(0, 16);
    if (seen.has(id)) continue;
    seen.add(id);
    return id;
  }
}

/** Names in order, secrets left out; a reference to a variable is not a secret. */
function describe(value: Json, secret = false): Json {
  if (Array.isArray(value)) return value.map((item) => describe(item, secret));
  if (isJsonObject(value)) {
    const names = Object.keys(value).sort();
    return names.map((name) => [name, describe(value[name] ?? null, secret || isSecretName(name))]);
  }
  return secret && !(typeof value === 'string' && variableName(value) !== undefined) ? null : value;
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !COUNTED_TOKENS.test(name);
}
