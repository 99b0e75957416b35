import { isJsonObject } from '../../core/json.ts';

/** What says nothing, written as JSON. */
const EMPTY: ReadonlySet<string | undefined> = new Set([undefined, 'null', 'false', '{}', '[]', '""']);

/**
 * Which of these names a body gives a value that says something, be it as a field or, where LiteLLM's clients write many of
 * them, in its metadata (as `metadata.NAME`).
 */
export function findGiven(body: Readonly<Record<string, unknown>>, names: readonly string[]): string[] {
  const { metadata } = body;
  const among = (values: Readonly<Record<string, unknown>>) => names.filter((name) => isSaid(values[name]));
  const inMetadata = isJsonObject(metadata) ? among(metadata) : [];
  return [...among(body), ...inMetadata.map((name) => `metadata.${name}`)];
}

export function isSaid(value: unknown): boolean {
  return !EMPTY.has(JSON.stringify(value));
}
