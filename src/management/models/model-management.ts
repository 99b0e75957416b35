import type { Json, JsonObject } from '../../core/json.ts';
import type { ModelRecord } from '../../core/model-record.ts';
import type { OwnerReaders, Transact } from '../../storage/owners/owner-storage.ts';

/** What the verbs over models ask of the world. */
export interface ModelManagement {
  models: OwnerReaders['models'];
  transact: Transact;
  nowMs(): number;
  newId(prefix: string): string;
  /** True for a deployment of the configuration file, which is changed there. */
  isConfigured(id: string): boolean;
  /** The same look that the configuration file gets: a problem and where it is, or null; and what has no effect. */
  check(record: Pick<ModelRecord, 'id' | 'modelName' | 'params' | 'info'>): {
    problem: { param: string; message: string } | null;
    unsupported: readonly string[];
  };
  /** A credential sealed for this place in this model. A reference to a variable is none and stays as it is. */
  seal(id: string, path: string, text: string): string;
  /** From now on calls see what was committed. */
  refresh(): Promise<void>;
}

/** A model as it is shown: credentials are masked. */
export interface ModelView {
  record: ModelRecord;
  /** Fields that are kept and have no effect. */
  unsupported: readonly string[];
}

export interface ModelFields {
  modelName?: string | undefined;
  params?: JsonObject | undefined;
  info?: JsonObject | undefined;
}

/** What is given laid over what is there; null takes a field out. */
export function overlay(current: JsonObject, changes: JsonObject): JsonObject {
  const merged: Record<string, Json> = { ...current, ...changes };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
}
