import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** JSON Merge Patch (RFC 7386) of one object over another: what is not mentioned stays, null takes a member out. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map<string, Json>(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      merged.delete(name);
      continue;
    }
    const present = merged.get(name);
    merged.set(name, isJsonObject(value) ? mergePatch(isJsonObject(present) ? present : {}, value) : value);
  }
  return Object.fromEntries(merged);
}
