import { isJsonObject, type Json, type JsonObject } from './json.ts';

/**
 * `metadata.logging[].callback_vars` holds credentials of log destinations. They are write-only: whoever reads a key,
 * and the audit log, sees a mask. A mask that comes back in an update stands for the value that is stored, so that
 * reading metadata, changing something else in it and sending it back loses nothing.
 */
const SECRET_NAME = /secret|password|token|credential|service_account|webhook_url|api_key|private_key|space_key/i;
const MASK_LENGTH = 4;

/** The metadata with every credential of its log destinations masked. Unchanged (same object) where there is none. */
export function maskCallbackSecrets(metadata: JsonObject): JsonObject {
  return mapCallbackSecrets(metadata, (value) => maskValue(value));
}

/** Puts back what `maskCallbackSecrets` had masked, where the given metadata repeats a mask of the stored one. */
export function restoreCallbackSecrets(given: JsonObject, stored: JsonObject): JsonObject {
  return mapCallbackSecrets(given, (value, index, name) => {
    const kept = callbackVars(stored, index)?.[name];
    return typeof kept === 'string' && maskValue(kept) === value ? kept : value;
  });
}

function mapCallbackSecrets(
  metadata: JsonObject,
  map: (value: string, index: number, name: string) => string,
): JsonObject {
  if (!Array.isArray(metadata.logging)) return metadata;
  const logging = metadata.logging.map((entry, index) => {
    const vars = callbackVars(metadata, index);
    if (!isJsonObject(entry) || vars === undefined) return entry;
    const mapped = Object.entries(vars).map(([name, value]): [string, Json] => {
      const isSecret = typeof value === 'string' && SECRET_NAME.test(name) && !value.startsWith('os.environ/');
      return [name, isSecret ? map(value, index, name) : value];
    });
    return { ...entry, callback_vars: Object.fromEntries(mapped) };
  });
  return { ...metadata, logging };
}

function callbackVars(metadata: JsonObject, index: number): JsonObject | undefined {
  const entry = Array.isArray(metadata.logging) ? metadata.logging[index] : undefined;
  return isJsonObject(entry) && isJsonObject(entry.callback_vars) ? entry.callback_vars : undefined;
}

function maskValue(value: string): string {
  return value.length > MASK_LENGTH * 4 ? `****${value.slice(-MASK_LENGTH)}` : '****';
}
