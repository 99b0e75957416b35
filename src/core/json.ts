/** Values that survive a JSON round trip. Free-form fields (metadata, permissions) are typed with these. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** Narrows to a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the text says; undefined: it is no JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The object that the text writes; null: it writes none. */
export function readJsonObject(text: string): JsonObject | null {
  if (!text.trimStart().startsWith('{')) return null;
  const value = parseJson(text);
  return isJsonObject(value) ? value : null;
}
