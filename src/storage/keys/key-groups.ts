import type { KeyRecord } from '../../core/key.ts';

/** What keys are put together by, beside their owners: fields of the key as it is on the wire. */
export type KeyGroupKind = 'project_id' | 'access_group_ids';

/** PostgreSQL's text holds neither U+0000 nor half of a surrogate pair. */
const UNSTORABLE = /[\0\ud800-\udfff]/u;

/** The project and the access groups of a key, each once. What is no text, and what no database could hold, is none. */
export function keyGroups({ extra }: Pick<KeyRecord, 'extra'>): { kind: KeyGroupKind; value: string }[] {
  const { project_id: project, access_group_ids: groups } = extra;
  const named = (kind: KeyGroupKind, values: readonly unknown[]) =>
    [...new Set(values)].flatMap((value) =>
      typeof value === 'string' && !UNSTORABLE.test(value) ? [{ kind, value }] : [],
    );
  return [...named('project_id', [project]), ...named('access_group_ids', Array.isArray(groups) ? groups : [])];
}
