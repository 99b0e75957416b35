/**
 * Records as an export has them: snake_case, money in whole nano-dollars, times in milliseconds, and no credential
 * anywhere: neither of providers nor of log destinations, nor a secret that somebody put into free JSON.
 */
import { maskSecretsInText } from './audit-values.ts';
import { SEALED } from './callback-secrets.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { isReference, isSecretName } from './secret-fields.ts';

/** The first line of an export says this of its form. */
export const EXPORT_VERSION = 1;

/** In the order in which they stand in an export and are taken in: nothing is linked to what comes later. */
export const PORTABLE_KINDS = [
  'budget',
  'organization',
  'user',
  'organization_member',
  'team',
  'team_member',
  'end_user',
  'tag',
  'model',
  'key',
  'balance',
] as const;
export type PortableKind = (typeof PORTABLE_KINDS)[number];

/** Fields in which people, or other programs, have written freely. */
const FREE: ReadonlySet<string> = new Set(['metadata', 'extra', 'config', 'permissions', 'params', 'info']);
/** Members are named by models, and are records of ours. */
const BY_MODEL: ReadonlySet<string> = new Set(['modelMaxBudget']);
const LEFT_OUT: ReadonlySet<string> = new Set(['deletedAtMs', 'deletedBy']);

/** A record without its credentials. The same object is never changed. */
export function stripRecord<R extends object>(record: R): { record: R; leftOut: number } {
  let leftOut = 0;
  const strip = (value: Json, secret: boolean): Json | undefined => {
    if (typeof value === 'string') {
      if ((secret && !isReference(value)) || value.startsWith(SEALED)) {
        leftOut += 1;
        return undefined;
      }
      return maskSecretsInText(value);
    }
    if (Array.isArray(value)) return value.flatMap((item) => strip(item, secret) ?? []);
    if (!isJsonObject(value)) return value;
    const kept = Object.entries(value).flatMap(([name, inner]) => {
      const left = strip(inner, secret || isSecretName(name));
      return left === undefined ? [] : [[name, left] as const];
    });
    return Object.fromEntries(kept);
  };
  const fields = Object.entries(record).map(([name, value]) => [
    name,
    FREE.has(name) ? strip(value as Json, false) : value,
  ]);
  return { record: Object.fromEntries(fields) as R, leftOut };
}

/** A line of an export. */
export function toPortable(kind: PortableKind, record: object): JsonObject {
  const fields = Object.entries(record)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, value]) => [toSnakeCase(name), rename(name, value as Json, toSnakeCase)]);
  return { kind, ...Object.fromEntries(fields) };
}

/** The value of a field as the record has it. */
export function fromPortable(name: string, value: Json): Json {
  return rename(name, value, toCamelCase);
}

function rename(name: string, value: Json, to: (name: string) => string): Json {
  const inner = (object: Json): Json =>
    isJsonObject(object) ? Object.fromEntries(Object.entries(object).map(([key, one]) => [to(key), one])) : object;
  if (BY_MODEL.has(name) && isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([model, budget]) => [model, inner(budget)]));
  }
  return name === 'budgetLimits' && Array.isArray(value) ? value.map(inner) : value;
}

export function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
