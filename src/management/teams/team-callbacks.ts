/** The log destinations of a team, as they stand in its metadata: LiteLLM's `callback_settings`. */
import { isJsonObject, type JsonObject } from '../../core/json.ts';

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
export function addCallback(current: TeamCallbacks, { name, type, vars }: NewCallback): TeamCallbacks | null {
  const onSuccess = type !== 'failure';
  const onFailure = type !== 'success';
  if (onSuccess && current.successCallbacks.includes(name)) return null;
  if (onFailure && current.failureCallbacks.includes(name)) return null;
  return {
    successCallbacks: onSuccess ? [...current.successCallbacks, name] : current.successCallbacks,
    failureCallbacks: onFailure ? [...current.failureCallbacks, name] : current.failureCallbacks,
    vars: { ...current.vars, ...vars },
  };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
