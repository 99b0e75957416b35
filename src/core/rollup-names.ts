/**
 * Names as the daily rollup keys its rows by: short enough that all of a row's names together fit into one index entry
 * (2,700 bytes in PostgreSQL), and still one name for each name.
 */
import { createHash } from 'node:crypto';

const MAX_KEY_CHARS = 128;
/** 128 bits of a hash: two sets of tags never become one. */
const SET_CHARS = 32;

/** A name of at most about `maxChars`: the rest of a longer one is replaced by a hash, so that two remain two. */
export function cutName(name: string, maxChars: number): string {
  if (name.length <= maxChars) return name;
  return `${name.slice(0, maxChars - 17)}~${sha256Hex(name).slice(0, 16)}`;
}

/** '' stands for "none". */
export function toRollupName(name: string | null): string {
  return name === null ? '' : cutName(name, MAX_KEY_CHARS);
}

/** The tags of a call as a JSON list, each once and sorted, so that the same tags are the same text; '' without tags. */
export function toTagList(tags: readonly string[]): string {
  if (tags.length === 0) return '';
  return JSON.stringify([...new Set(tags.map(toRollupName))].sort());
}

/** The short name under which a list of tags is part of a row's key; '' without tags. */
export function toTagSetId(tagList: string): string {
  return tagList === '' ? '' : sha256Hex(tagList).slice(0, SET_CHARS);
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
