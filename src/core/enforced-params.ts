/**
 * `enforced_params`: fields that the body of every call has to have. The configuration names them for everybody and for
 * service accounts, a key and its team for their calls, and all of these lists hold.
 */
import type { Caller } from './caller.ts';
import { GatewayError } from './gateway-error.ts';
import { isJsonObject, type Json, readJsonObject } from './json.ts';

/** What the configuration enforces. */
export interface EnforcedParams {
  readonly ofAll: readonly string[];
  readonly ofServiceAccounts: readonly string[];
}

/** One list on a call's path, and what the call's body comes to under it. */
export interface EnforcedList {
  /** `key key_…`, `team …`; null: it is the configuration's. */
  owner: string | null;
  refusal: GatewayError | undefined;
}

/** A body as it was read, and the model that it or the path names. */
interface AskedCall {
  body: Readonly<Record<string, unknown>>;
  model: string | null;
}

type Asking = Pick<Caller, 'key' | 'path'>;

const NONE: readonly EnforcedList[] = Object.freeze([]);
const MAX_NAME_CHARS = 256;

/** Whether the text names a field of a body: `user`, or with dots a field within one. */
export function isParamName(name: unknown): name is string {
  return (
    typeof name === 'string' && name.length <= MAX_NAME_CHARS && name.split('.').every((part) => part.trim() !== '')
  );
}

/** What such a list has to be, for those who wrote another one. */
export const PARAM_NAMES = 'a list of names of fields, such as user or metadata.generation_name';

/** The first refusal; undefined where the call has all that it needs. A call that has to have nothing is not looked at. */
export function refuseMissingParam(
  enforced: EnforcedParams | null,
  { key, path }: Asking,
  call: AskedCall,
): GatewayError | undefined {
  const ofKey = key?.metadata.enforced_params;
  const ofTeam = path.team?.metadata.enforced_params;
  if (enforced === null && ofKey === undefined && ofTeam === undefined) return undefined;
  return checkEnforcedParams(enforced, { key, path }, call).find(({ refusal }) => refusal !== undefined)?.refusal;
}

/** Every list that there is on the call's path, in the order of refusals. */
export function checkEnforcedParams(
  enforced: EnforcedParams | null,
  { key, path }: Asking,
  call: AskedCall,
): readonly EnforcedList[] {
  const isServiceAccount = (key?.metadata.service_account_id ?? null) !== null;
  const lists: [string | null, string, readonly string[]][] = [
    [null, 'this proxy', enforced?.ofAll ?? []],
    [null, 'service accounts', isServiceAccount ? (enforced?.ofServiceAccounts ?? []) : []],
    [`key ${key?.keyId}`, 'this key', namesIn(key?.metadata.enforced_params)],
    [`team ${path.team?.id}`, `Team=${path.team?.id}`, namesIn(path.team?.metadata.enforced_params)],
  ];
  const said = lists.filter(([, , names]) => names.length > 0);
  return said.length === 0
    ? NONE
    : said.map(([owner, whose, names]) => ({ owner, refusal: refuse(call, names, whose) }));
}

/** Metadata is free, so anything can have been written there: what names no field enforces none. */
function namesIn(list: Json | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter(isParamName) : [];
}

function refuse(call: AskedCall, names: readonly string[], whose: string): GatewayError | undefined {
  for (const name of names) {
    const missing = findMissing(call, name);
    if (missing === null) continue;
    return new GatewayError(
      'bad_request',
      `BadRequest please pass param=${missing} in request body. This is a required param: enforced_params of ${whose} ` +
        `has '${name}'.`,
      { param: name },
    );
  }
  return undefined;
}

/** Where the body ends on the way to the field, in LiteLLM's spelling; null: it has the field. Null is no value. */
function findMissing({ body, model }: AskedCall, name: string): string | null {
  if (name === 'model' && model !== null) return null;
  const parts = name.split('.');
  let value: unknown = body;
  for (const [index, part] of parts.entries()) {
    // Forms send an object as the text of one.
    const within = typeof value === 'string' ? readJsonObject(value) : value;
    value = isJsonObject(within) && Object.hasOwn(within, part) ? within[part] : undefined;
    if (value !== undefined && value !== null) continue;
    const gone = parts.slice(0, index + 1);
    return gone.length === 1 ? part : gone.map((step) => `[${step}]`).join('');
  }
  return null;
}
