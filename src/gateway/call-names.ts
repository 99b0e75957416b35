import type { Caller } from '../core/caller.ts';
import { isJsonObject, type JsonObject, readJsonObject } from '../core/json.ts';
import { keyTags } from '../core/key.ts';

/** On whose behalf a call is made, and what it is tagged with. */
export interface CallNames {
  endUser: string | null;
  /** The key's, its team's, the request's, each once. */
  tags: readonly string[];
  /** Where the request names tags of its own; null: nowhere. */
  clientTags: string | null;
}

/** What the request's headers say of it. */
export interface NamingHeaders {
  endUserHeader: string | null;
  /** `x-litellm-tags`, comma-separated. */
  tagsHeader: string | null;
}

const MAX_NAME_LENGTH = 256;
/** Of the request's own; what the key and its team are tagged with is always kept. */
const MAX_TAGS = 64;
/** Where a request names tags, in the order in which they are looked at. */
const TAG_PLACES = ['tags', 'metadata.tags', 'litellm_metadata.tags', 'x-litellm-tags'] as const;
const NO_TAGS: readonly string[] = Object.freeze([]);

export function nameCall(
  caller: Pick<Caller, 'key' | 'path'>,
  headers: NamingHeaders,
  body: Readonly<Record<string, unknown>>,
): CallNames {
  const metadata = readNotes(body.metadata);
  // What clients of LiteLLM say to it, where `metadata` is for the model.
  const notes = readNotes(body.litellm_metadata);
  const endUser = firstName([
    headers.endUserHeader,
    body.user,
    notes?.user,
    metadata?.user_id,
    notes?.user_id,
    body.safety_identifier,
  ]);
  const given = [body.tags, metadata?.tags, notes?.tags, headers.tagsHeader?.split(',')];
  const place = given.findIndex((list) => list !== undefined && list !== null);
  return { endUser, tags: collectTags(caller, given), clientTags: TAG_PLACES[place] ?? null };
}

/** Forms send such an object as the text of one. */
function readNotes(value: unknown): JsonObject | null {
  if (typeof value === 'string') return readJsonObject(value);
  return isJsonObject(value) ? value : null;
}

function firstName(candidates: readonly unknown[]): string | null {
  for (const candidate of candidates) {
    // Whoever is known by a number is the same whether it is written as one or as text.
    const name = cleanName(typeof candidate === 'number' ? String(candidate) : candidate);
    if (name !== '') return name;
  }
  return null;
}

function collectTags({ key, path }: Pick<Caller, 'key' | 'path'>, given: readonly unknown[]): readonly string[] {
  const ofKey = key === null ? NO_TAGS : keyTags(key);
  const ofTeam = path.team === null ? NO_TAGS : keyTags(path.team);
  const lists = given.filter(Array.isArray);
  if (ofTeam.length === 0 && lists.length === 0 && ofKey.length < 2) return ofKey;
  const tags = new Set([...ofKey, ...ofTeam]);
  const most = Math.max(MAX_TAGS, tags.size);
  for (const list of lists) {
    for (const tag of list) {
      const name = cleanName(tag);
      if (name !== '' && tags.size < most) tags.add(name);
    }
  }
  return [...tags];
}

const LONE_SURROGATES_AND_NUL = /[\0\p{Surrogate}]/gu;

/** Becomes part of the names of counters, so it has to be text that every database takes. Empty: no name. */
function cleanName(given: unknown): string {
  if (typeof given !== 'string') return '';
  return given.trim().slice(0, MAX_NAME_LENGTH).replace(LONE_SURROGATES_AND_NUL, '\uFFFD');
}
