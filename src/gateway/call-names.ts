import type { Caller } from '../core/caller.ts';
import { isJsonObject } from '../core/json.ts';
import { keyTags } from '../core/key.ts';

/** On whose behalf a call is made, and what it is tagged with. */
export interface CallNames {
  endUser: string | null;
  /** The key's, its team's, the request's, each once. */
  tags: readonly string[];
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
const NO_TAGS: readonly string[] = Object.freeze([]);

export function nameCall(
  caller: Pick<Caller, 'key' | 'path'>,
  headers: NamingHeaders,
  body: Readonly<Record<string, unknown>>,
): CallNames {
  const metadata = isJsonObject(body.metadata) ? body.metadata : null;
  return {
    endUser: firstName([headers.endUserHeader, body.user, body.safety_identifier, metadata?.user_id]),
    tags: collectTags(caller, [body.tags, metadata?.tags, headers.tagsHeader?.split(',')]),
  };
}

function firstName(candidates: readonly unknown[]): string | null {
  for (const candidate of candidates) {
    const name = cleanName(candidate);
    if (name !== '') return name;
  }
  return null;
}

function collectTags({ key, path }: Pick<Caller, 'key' | 'path'>, given: readonly unknown[]): readonly string[] {
  const ofKey = key === null ? NO_TAGS : keyTags(key);
  const ofTeam = path.team === null ? NO_TAGS : keyTags(path.team);
  const lists = given.filter(Array.isArray);
  if (ofTeam.length === 0 && lists.length === 0) return ofKey;
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
