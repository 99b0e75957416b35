/** Where in stored rows sealed credentials stand, and what each of them is bound to. */
import { SEALED } from './callback-secrets.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { mapSecrets } from './secret-fields.ts';

/** Each has keys of its own. */
export type SealPurpose = 'models' | 'alerts' | 'log destinations';

/** The same credential sealed under the current salt key; the same text where it is. Null: it cannot be opened. */
export type Reseal = (sealed: string, context: string) => string | null;

/** Which salt key a text was sealed with. */
export interface SealedUnder {
  /** As the text says; null: it was sealed before keys had ids, or is none. */
  keyId: string | null;
  key: 'current' | 'earlier' | 'unknown';
}

/** A column of a table that may hold sealed texts. */
export interface SealedColumn {
  column: string;
  purpose: SealPurpose;
  /** What the column's text is with each sealed text in it replaced; `id` is the row's. The same text without one. */
  map(text: string, id: string, replace: (sealed: string, context: string) => string): string;
}

/** What a credential of a model is bound to. */
export function sealContext(modelId: string, path: string): string {
  return `model ${modelId} ${path}`;
}

const isSealed = (text: string) => text.startsWith(SEALED);

/** Texts at any depth below a `callback_vars`, each bound to its variable's name. */
function destinations(column: string): SealedColumn {
  return {
    column,
    purpose: 'log destinations',
    map: (text, _id, replace) => mapJson(text, (value) => mapVars(value, replace)),
  };
}

const MODEL_PARAMS: SealedColumn = {
  column: 'params',
  purpose: 'models',
  map: (text, id, replace) =>
    mapJson(text, (params) => {
      const change = (value: string, path: string) => (isSealed(value) ? replace(value, sealContext(id, path)) : value);
      return isJsonObject(params) ? mapSecrets(params, change) : params;
    }),
};

/** A mail that waits; it is bound to its name. */
const ALERT_SECRET: SealedColumn = {
  column: 'sealed_secret',
  purpose: 'alerts',
  map: (text, id, replace) => (isSealed(text) ? replace(text, id) : text),
};

/** Owners may hold destinations wherever free JSON of requests is kept, also where nothing reads them. */
const OWNER = ['metadata', 'extra'].map(destinations);

/** Table → its columns. Rows are told apart by one column. */
export const SEALED_TABLES = {
  models: { key: 'id', columns: [MODEL_PARAMS, destinations('info')] },
  alerts: { key: 'id', columns: [ALERT_SECRET] },
  teams: { key: 'id', columns: OWNER },
  keys: { key: 'key_id', columns: ['metadata', 'config', 'extra'].map(destinations) },
  users: { key: 'id', columns: OWNER },
  organizations: { key: 'id', columns: OWNER },
  end_users: { key: 'id', columns: OWNER },
  tags: { key: 'id', columns: OWNER },
} as const satisfies Record<string, { key: string; columns: readonly SealedColumn[] }>;

export type SealedTable = keyof typeof SEALED_TABLES;

/** In the order in which they are gone through. */
export const SEALED_TABLE_NAMES = Object.keys(SEALED_TABLES) as SealedTable[];

/** What is no JSON is left as it is: nobody can have sealed anything in it. */
function mapJson(text: string, map: (value: Json) => Json): string {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  const mapped = map(value);
  const before = JSON.stringify(value);
  const after = JSON.stringify(mapped);
  return before === after ? text : after;
}

function mapVars(value: Json, replace: (sealed: string, context: string) => string): Json {
  if (Array.isArray(value)) return value.map((item) => mapVars(item, replace));
  if (!isJsonObject(value)) return value;
  return mapEntries(value, (name, child) => {
    if (name !== 'callback_vars' || !isJsonObject(child)) return mapVars(child, replace);
    return mapEntries(child, (variable, text) =>
      typeof text === 'string' && isSealed(text) ? replace(text, variable) : text,
    );
  });
}

function mapEntries(object: JsonObject, map: (name: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(name, value)]));
}
