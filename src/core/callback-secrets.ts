import { isJsonObject, type Json, type JsonObject } from './json.ts';

/**
 * `metadata.logging[].callback_vars` of a key, and `metadata.callback_settings.callback_vars` of a team, hold credentials of
 * log destinations. They are write-only: whoever reads a key or a team, and the audit log, sees a mask. A mask that comes
 * back in an update stands for the value that is stored, so that reading metadata, changing something else in it and
 * sending it back loses nothing.
 */
const SECRET_NAME = /secret|password|token|credential|service_account|webhook_url|api_key|private_key|space_key/i;
const MASK_LENGTH = 4;

/** The metadata with every credential of its log destinations masked. Unchanged (same object) where there is none. */
export function maskCallbackSecrets(metadata: JsonObject): JsonObject {
  return mapCallbackSecrets(metadata, (value) => maskValue(value));
}

/** Puts back what `maskCallbackSecrets` had masked, where the given metadata repeats a mask of the stored one. */
export function restoreCallbackSecrets(given: JsonObject, stored: JsonObject): JsonObject {
  return mapCallbackSecrets(given, (value, place, name) => {
    const kept = callbackVars(stored, place)?.[name];
    return typeof kept === 'string' && maskValue(kept) === value ? kept : value;
  });
}

/** Variables of the server's environment that log destinations of this metadata name, which only an administrator may. */
export function findEnvironmentReferences(metadata: JsonObject): string[] {
  const places: Place[] = [...(Array.isArray(metadata.logging) ? metadata.logging.keys() : []), TEAM_SETTINGS];
  return places.flatMap((place) =>
    Object.values(callbackVars(metadata, place) ?? {}).filter(
      (value): value is string => typeof value === 'string' && value.startsWith(REFERENCE),
    ),
  );
}

const REFERENCE = 'os.environ/';
const TEAM_SETTINGS = 'callback_settings';
/** An entry of `logging` by its index, or the team's settings. */
type Place = number | typeof TEAM_SETTINGS;
type MapSecret = (value: string, place: Place, name: string) => string;

function mapCallbackSecrets(metadata: JsonObject, map: MapSecret): JsonObject {
  const { logging, callback_settings: settings } = metadata;
  const mapped: JsonObject = {};
  if (Array.isArray(logging)) mapped.logging = logging.map((entry, index) => mapEntry(entry, index, map));
  if (isJsonObject(settings)) mapped.callback_settings = mapEntry(settings, TEAM_SETTINGS, map);
  return Object.keys(mapped).length === 0 ? metadata : { ...metadata, ...mapped };
}

function mapEntry(entry: Json, place: Place, map: MapSecret): Json {
  if (!isJsonObject(entry) || !isJsonObject(entry.callback_vars)) return entry;
  const vars = Object.entries(entry.callback_vars).map(([name, value]): [string, Json] => {
    const isSecret = typeof value === 'string' && SECRET_NAME.test(name) && !value.startsWith(REFERENCE);
    return [name, isSecret ? map(value, place, name) : value];
  });
  return { ...entry, callback_vars: Object.fromEntries(vars) };
}

function callbackVars(metadata: JsonObject, place: Place): JsonObject | undefined {
  const entry =
    place === TEAM_SETTINGS
      ? metadata.callback_settings
      : Array.isArray(metadata.logging)
        ? metadata.logging[place]
        : undefined;
  return isJsonObject(entry) && isJsonObject(entry.callback_vars) ? entry.callback_vars : undefined;
}

function maskValue(value: string): string {
  return value.length > MASK_LENGTH * 4 ? `****${value.slice(-MASK_LENGTH)}` : '****';
}
