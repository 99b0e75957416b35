import { isJsonObject, type Json } from '../../core/json.ts';

/** Tell of the row's history and not of what it allows. */
const HISTORY: ReadonlySet<string> = new Set([
  'createdAtMs',
  'createdBy',
  'updatedAtMs',
  'updatedBy',
  'deletedAtMs',
  'deletedBy',
  'lastActiveAtMs',
  'governedBy',
  'rotationClaimUntilMs',
  'rotationOverdue',
]);

/** The fields, by their names on the wire, in which two records differ, whatever their history. Null: cannot be read. */
export function findDifferences(one: object | null, other: object | null): string[] {
  if (one === null || other === null) return ['credentials'];
  const [left, right] = [one, other].map((record) => JSON.parse(JSON.stringify(record)) as Record<string, Json>);
  const names = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  return [...names]
    .filter((name) => !HISTORY.has(name) && toText(left?.[name]) !== toText(right?.[name]))
    .map(toWireName);
}

/** The same for the same value, in whatever order its members stand. */
function toText(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(toText).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value ?? null);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${toText(value[name])}`).join(',')}}`;
}

function toWireName(field: string): string {
  return field.replace(/NanoUsd$|Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
