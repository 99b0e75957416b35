/**
 * What an audit row says of a change: the fields that differ, by the names that clients know them by, and no secret.
 * Differences are found before anything is masked, so that a changed credential is seen to have changed.
 */
import { maskCallbackSecrets } from './callback-secrets.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { maskSecret } from './key-secret.ts';
import { toUsd } from './money.ts';
import { MASKED, maskSecrets } from './secret-fields.ts';

/** Field of a record → its name on the wire, where it is not just the same in snake_case. */
export type WireNames = Readonly<Record<string, string>>;

export interface DescribedChange {
  before: JsonObject | null;
  after: JsonObject | null;
}

/** Changes with every act, and is told by the entry's own time and actor. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['updatedAtMs', 'updatedBy']);
/** Records inside a record, whose own fields have to be named as well. */
const STRUCTURED: ReadonlySet<string> = new Set(['modelMaxBudget', 'budgetLimits']);
/** Objects whose members are named by models: nothing in them is a credential, whatever a model is called. */
const BY_MODEL: ReadonlySet<string> = new Set(['aliases', 'modelAliases', 'modelRpmLimit', 'modelTpmLimit']);
const SECRET_FIELD = /password|secret|api_?key|credential|private/i;
/** A secret that somebody put where no secret belongs. */
const SECRET_IN_TEXT = /\bsk-[A-Za-z0-9_-]{12,}/g;

/**
 * Creation and deletion keep the whole record, so that it stays readable after it is gone; every other act keeps just the
 * fields that changed.
 */
export function describeChange(before: object | null, after: object | null, names: WireNames = {}): DescribedChange {
  const was = before === null ? null : flatten(before);
  const is = after === null ? null : flatten(after);
  if (was === null || is === null) return { before: was && toWire(was, names), after: is && toWire(is, names) };
  const changed = Object.keys({ ...was, ...is }).filter(
    (name) => !BOOKKEEPING.has(name) && JSON.stringify(was[name]) !== JSON.stringify(is[name]),
  );
  return { before: toWire(pick(was, changed), names), after: toWire(pick(is, changed), names) };
}

/** A copy of the record in plain JSON, with the fields of `extra` (stored by wire name already) among the others. */
function flatten(record: object): JsonObject {
  const { extra, ...fields } = JSON.parse(JSON.stringify(record)) as JsonObject;
  return isJsonObject(extra) ? { ...extra, ...fields } : fields;
}

function pick(values: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
}

function toWire(record: JsonObject, names: WireNames): JsonObject {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => toWireField(name, value, names)));
}

function toWireField(name: string, value: Json, names: WireNames): [string, Json] {
  const wireName = Object.hasOwn(names, name) ? (names[name] as string) : toSnakeCase(name);
  if (name.endsWith('NanoUsd') && typeof value === 'number') return [wireName, toUsd(value)];
  if (name.endsWith('AtMs') && typeof value === 'number') return [wireName, new Date(value).toISOString()];
  if (typeof value === 'string' && SECRET_FIELD.test(name)) return [wireName, MASKED];
  if (STRUCTURED.has(name)) return [wireName, toWireNested(value)];
  return [wireName, maskTexts(BY_MODEL.has(name) ? value : maskNamed(name, value))];
}

/** `{model: {maxBudgetNanoUsd}}` or `[{maxBudgetNanoUsd}]`: the inner fields are ours, a model's name is not. */
function toWireNested(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => (isJsonObject(item) ? toWire(item, {}) : item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([model, inner]) => [model, isJsonObject(inner) ? toWire(inner, {}) : inner]),
  );
}

/** Free JSON may hold anything; what is named like a credential in it is masked. */
function maskNamed(name: string, value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => maskNamed(name, item));
  if (!isJsonObject(value)) return value;
  return maskSecrets(name === 'metadata' ? maskCallbackSecrets(value) : value);
}

function maskTexts(value: Json): Json {
  if (typeof value === 'string') return maskSecretsInText(value);
  if (Array.isArray(value)) return value.map(maskTexts);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, maskTexts(inner)]));
}

/** Text from outside, with every secret of our shape in it cut down to its last characters. */
export function maskSecretsInText(text: string): string {
  return text.replace(SECRET_IN_TEXT, (secret) => maskSecret(secret));
}

function toSnakeCase(name: string): string {
  return name.replace(/(NanoUsd|(?<=At)Ms)$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
