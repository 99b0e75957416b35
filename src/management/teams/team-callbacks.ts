/**
 * The log destinations of a team, as they stand in its metadata: a list in `logging`, as keys have it and LiteLLM's newest
 * teams, or else `callback_settings`, whose destinations share their variables. Where there is a list, nothing else counts.
 */
import { isJsonObject, type Json, type JsonObject } from '../../core/json.ts';

export interface TeamCallbacks {
  successCallbacks: readonly string[];
  failureCallbacks: readonly string[];
  vars: JsonObject;
}

export type CallbackType = 'success' | 'failure' | 'success_and_failure';

export interface NewCallback {
  name: string;
  type: CallbackType;
  vars: Readonly<Record<string, string>>;
}

export function readCallbacks(metadata: JsonObject): TeamCallbacks {
  const { logging } = metadata;
  if (Array.isArray(logging)) return readList(logging);
  const settings = isJsonObject(metadata.callback_settings) ? metadata.callback_settings : {};
  return {
    successCallbacks: textsOf(settings.success_callback),
    failureCallbacks: textsOf(settings.failure_callback),
    vars: isJsonObject(settings.callback_vars) ? settings.callback_vars : {},
  };
}

export function writeCallbacks(metadata: JsonObject, callbacks: TeamCallbacks): JsonObject {
  return {
    ...metadata,
    callback_settings: {
      success_callback: [...callbacks.successCallbacks],
      failure_callback: [...callbacks.failureCallbacks],
      callback_vars: callbacks.vars,
    },
  };
}

/** With one more destination; null: there is one of that name for one of these outcomes already. */
export function withCallback(metadata: JsonObject, { name, type, vars }: NewCallback): JsonObject | null {
  const current = readCallbacks(metadata);
  const onSuccess = type !== 'failure';
  const onFailure = type !== 'success';
  if (onSuccess && current.successCallbacks.includes(name)) return null;
  if (onFailure && current.failureCallbacks.includes(name)) return null;
  if (Array.isArray(metadata.logging)) {
    const entry = { callback_name: name, callback_type: type, callback_vars: { ...vars } };
    return { ...metadata, logging: [...metadata.logging, entry] };
  }
  return writeCallbacks(metadata, {
    successCallbacks: onSuccess ? [...current.successCallbacks, name] : current.successCallbacks,
    failureCallbacks: onFailure ? [...current.failureCallbacks, name] : current.failureCallbacks,
    vars: { ...current.vars, ...vars },
  });
}

/** Without the destination of this name, for whichever outcome; null: there is none. */
export function withoutCallback(metadata: JsonObject, name: string): JsonObject | null {
  const { successCallbacks, failureCallbacks, vars } = readCallbacks(metadata);
  if (!successCallbacks.includes(name) && !failureCallbacks.includes(name)) return null;
  if (Array.isArray(metadata.logging)) {
    return { ...metadata, logging: metadata.logging.filter((entry) => nameOf(entry) !== name) };
  }
  const [success, failure] = [successCallbacks, failureCallbacks].map((names) => names.filter((one) => one !== name));
  const isLast = success?.length === 0 && failure?.length === 0;
  return writeCallbacks(metadata, {
    successCallbacks: success ?? [],
    failureCallbacks: failure ?? [],
    vars: isLast ? {} : vars,
  });
}

/** Nothing is logged any more, whichever way the destinations were said. */
export function withoutCallbacks(metadata: JsonObject): JsonObject {
  const settings = isJsonObject(metadata.callback_settings) ? metadata.callback_settings : {};
  const vars = isJsonObject(settings.callback_vars) ? settings.callback_vars : {};
  const none = writeCallbacks(metadata, { successCallbacks: [], failureCallbacks: [], vars });
  return metadata.logging === undefined ? none : { ...none, logging: [] };
}

function readList(logging: readonly Json[]): TeamCallbacks {
  const entries = logging.filter(isJsonObject).filter((entry) => nameOf(entry) !== null);
  const namesFor = (other: CallbackType) => [
    ...new Set(entries.filter((entry) => entry.callback_type !== other).map((entry) => nameOf(entry) as string)),
  ];
  return {
    successCallbacks: namesFor('failure'),
    failureCallbacks: namesFor('success'),
    vars: Object.assign({}, ...entries.map(({ callback_vars: vars }) => (isJsonObject(vars) ? vars : {}))),
  };
}

function nameOf(entry: Json): string | null {
  if (!isJsonObject(entry)) return null;
  const { callback_name: name } = entry;
  return typeof name === 'string' && name !== '' ? name : null;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
