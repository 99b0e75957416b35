import { GatewayError } from './gateway-error.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { isDrawnByLot, isSecretName } from './secret-fields.ts';

/**
 * `metadata.logging[].callback_vars` of a key, and `metadata.callback_settings.callback_vars` of a team, hold credentials of
 * log destinations. They are write-only: whoever reads a key or a team, and the audit log, sees a mask. A mask that comes
 * back in an update stands for the value that is stored, so that reading metadata, changing something else in it and
 * sending it back loses nothing.
 */
const SECRET_NAME =
  /secret|password|token|credential|service_account|webhook_url|api_key|private_key|space_key|headers/i;
const MASK = '****';
const MASK_LENGTH = 4;

/** The metadata with every credential of its log destinations masked. Unchanged (same object) where there is none. */
export function maskCallbackSecrets(metadata: JsonObject): JsonObject {
  return mapCallbackSecrets(metadata, (value) => maskValue(value));
}

/**
 * Puts back what `maskCallbackSecrets` had masked, where the given metadata repeats a mask of a stored destination. Only
 * where the rest of that destination is as it was: whoever may change a host must not have a credential sent there that
 * was never shown to them.
 *
 * @throws GatewayError bad_request (400) for a mask of a destination that has been changed otherwise
 */
export function restoreCallbackSecrets(given: JsonObject, stored: JsonObject): JsonObject {
  return mapCallbackSecrets(given, (value, name, place, destination) => {
    // By what they are and not by where they stand: others before them may have been added or taken out.
    const masked = destinationsIn(stored, place).filter((one) => {
      const kept = one.callback_vars[name];
      return typeof kept === 'string' && maskValue(kept) === value;
    });
    if (masked.length === 0) return value;
    const same = masked.find((one) => isSame(one, destination));
    if (same !== undefined) return same.callback_vars[name] as string;
    throw new GatewayError(
      'bad_request',
      `${name} has to be sent again, because other settings of this log destination are changed as well.`,
      { param: `metadata.${place}` },
    );
  });
}

/** How deep in a body of ours destinations stand at most. */
const DEEPEST = 8;

/**
 * What a client has sent, every credential of a log destination in it sealed, so that whatever happens to the body from
 * then on (storing, comparing, logging) happens to what nobody can read. Masks and references are left as they are. The
 * same object where there is nothing to seal.
 *
 * @throws GatewayError bad_request (400) for a text that claims to be sealed already: it would be somebody else's
 */
export function sealCallbackSecrets(body: unknown, seal: SealSecret): unknown {
  return sealWithin(body as Json, seal, 0);
}

/** `name` of the variable is part of what is sealed: it cannot be opened as another one. */
export type SealSecret = (text: string, name: string) => string;

/** How sealed texts begin. */
export const SEALED = 'sealed:';

/**
 * So many characters at the end of a sealed credential tell it from others, and stay when it is sealed under another key:
 * two are the same if these are.
 */
export const SEALED_MARK_LENGTH = 16;

/** What a variable of a destination is compared by. */
export function identityOf(value: string): string {
  return value.startsWith(SEALED) ? SEALED + value.slice(-SEALED_MARK_LENGTH) : value;
}

function sealWithin(value: Json, seal: SealSecret, depth: number): Json {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => sealWithin(item, seal, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value).map(([name, child]): [string, Json] => [
    name,
    name === 'callback_vars' && isJsonObject(child) ? sealVars(child, seal) : sealWithin(child, seal, depth + 1),
  ]);
  return entries.some(([name, child]) => child !== value[name]) ? Object.fromEntries(entries) : value;
}

function sealVars(vars: JsonObject, seal: SealSecret): JsonObject {
  const sealed = Object.entries(vars).map(([name, given]): [string, Json] => {
    // Headers and service accounts are JSON, and sent as an object by some.
    const value = isJsonObject(given) && SECRET_NAME.test(name) ? JSON.stringify(given) : given;
    if (!isSecret(name, value) || value === '' || value.startsWith(MASK)) return [name, value];
    if (value.startsWith(SEALED)) {
      throw new GatewayError('bad_request', `${name} cannot begin with ${SEALED}; send the credential itself.`, {
        param: `callback_vars.${name}`,
      });
    }
    return [name, seal(value, name)];
  });
  return sealed.some(([name, value]) => value !== vars[name]) ? Object.fromEntries(sealed) : vars;
}

/**
 * What log destinations of this metadata name of the server's own, which only an administrator may: variables of its
 * environment, files of its disk, and buckets that its account would be used for, as no account is named with them.
 */
export function findServerReferences(metadata: JsonObject): string[] {
  return PLACES.flatMap((place) => destinationsIn(metadata, place)).flatMap(({ callback_vars: vars }) => {
    const texts = Object.entries(vars).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    const named = texts.filter(([name, value]) => isServers(name, value)).map(([, value]) => value);
    const { gcs_bucket_name: bucket, gcs_path_service_account: account } = vars;
    return isGiven(bucket) && !isGiven(account) ? [...named, `gcs_bucket_name ${bucket}`] : named;
  });
}

function isGiven(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** A variable of the server's environment, or a file of its disk (a service account that is not the JSON itself). */
function isServers(name: string, value: string): boolean {
  return value.startsWith(REFERENCE) || isPath(name, value);
}

function isPath(name: string, value: string): boolean {
  if (!name.endsWith('path_service_account') || value === '') return false;
  return ![SEALED, MASK, '{'].some((beginning) => value.trimStart().startsWith(beginning));
}

const REFERENCE = 'os.environ/';
/** A key's destinations are a list, a team's settings are one of them. */
const PLACES = ['logging', 'callback_settings'] as const;
type Place = (typeof PLACES)[number];
type Destination = JsonObject & { callback_vars: JsonObject };
type MapSecret = (value: string, name: string, place: Place, destination: Destination) => string;

function mapCallbackSecrets(metadata: JsonObject, map: MapSecret): JsonObject {
  const mapped: JsonObject = {};
  for (const place of PLACES) {
    const value = metadata[place];
    if (Array.isArray(value) && place === 'logging') mapped[place] = value.map((entry) => mapEntry(entry, place, map));
    else if (isJsonObject(value) && place !== 'logging') mapped[place] = mapEntry(value, place, map);
  }
  return Object.keys(mapped).length === 0 ? metadata : { ...metadata, ...mapped };
}

function mapEntry(entry: Json, place: Place, map: MapSecret): Json {
  if (!isDestination(entry)) return entry;
  const vars = Object.entries(entry.callback_vars).map(([name, value]): [string, Json] => {
    return [name, isSecret(name, value) ? map(value, name, place, entry) : value];
  });
  return { ...entry, callback_vars: Object.fromEntries(vars) };
}

function destinationsIn(metadata: JsonObject, place: Place): Destination[] {
  const value = metadata[place] ?? null;
  if (place !== 'logging') return [value].filter(isDestination);
  return Array.isArray(value) ? value.filter(isDestination) : [];
}

function isDestination(entry: Json): entry is Destination {
  return isJsonObject(entry) && isJsonObject(entry.callback_vars);
}

/** Some credentials are addresses. */
const ADDRESS_NAME = /url|host|endpoint/i;

/** Whether it is still what it was and sends to where it did: all is the same but credentials that are no addresses. */
function isSame(stored: Destination, given: Destination): boolean {
  if ((stored.callback_name ?? null) !== (given.callback_name ?? null)) return false;
  const names = new Set([...Object.keys(stored.callback_vars), ...Object.keys(given.callback_vars)]);
  return [...names].every((name) => {
    const [before, after] = [stored.callback_vars[name] ?? null, given.callback_vars[name] ?? null];
    if (!isSecret(name, before) && !isSecret(name, after)) return JSON.stringify(before) === JSON.stringify(after);
    if (!ADDRESS_NAME.test(name)) return true;
    if (before === after) return true;
    if (typeof before !== 'string' || typeof after !== 'string') return false;
    return identityOf(before) === identityOf(after) || maskValue(before) === after;
  });
}

/** Told by the variable's name, or by the value: an address with a credential in it, or what stands for one. */
function isSecret(name: string, value: Json): value is string {
  if (typeof value !== 'string' || isServers(name, value)) return false;
  if (SECRET_NAME.test(name) || value.startsWith(SEALED) || value.startsWith(MASK)) return true;
  return isAddressWithSecret(ADDRESS_NAME.test(name) ? withScheme(value) : value.trim());
}

/** Parameters that hold credentials and are not named after one: of signed addresses, of functions in a cloud, of hooks. */
const SECRET_PARAMETER = /^(sig|signature|code|auth|pass|pwd|pw|jwt|sas)$/i;

/** A user or a password before the host, a parameter with a credential's name, or a part of the path that is drawn by lot. */
function isAddressWithSecret(value: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value) || !URL.canParse(value)) return false;
  const { username, password, searchParams, pathname } = new URL(value);
  if (username !== '' || password !== '') return true;
  if ([...searchParams.keys()].some((name) => isSecretName(name) || SECRET_PARAMETER.test(name))) return true;
  return pathname.split('/').some(isDrawnByLot);
}

/** Hosts are taken without a scheme, too. */
function withScheme(value: string): string {
  const text = value.trim();
  return text.includes('://') ? text : `https://${text}`;
}

/** Of a sealed text its last letters say nothing of the credential, and tell it from others. */
function maskValue(value: string): string {
  return value.length > MASK_LENGTH * 4 ? MASK + value.slice(-MASK_LENGTH) : MASK;
}
