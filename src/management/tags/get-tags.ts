import type { Caller } from '../../core/caller.ts';
import { maySeeAll, refuseAct } from '../../core/rights.ts';
import { type TagInSpend, type TagManagement, type TagView, tagNotFound, viewTags } from './tag-management.ts';

/** Registered tags by name, in the order asked. Throws not_admin, not_found (the first unknown one). */
export async function getTags(deps: TagManagement, caller: Caller, names: readonly string[]): Promise<TagView[]> {
  if (!maySeeAll(caller)) throw refuseAct(caller, '/tag/info');
  const found = new Map((await deps.owners.tags.findMany(names)).map((record) => [record.id, record]));
  const records = [...new Set(names)].map((name) => {
    const record = found.get(name);
    if (record === undefined) throw tagNotFound(name);
    return record;
  });
  return viewTags(deps, records);
}

export interface TagList {
  registered: TagView[];
  /** Tags that only calls know. */
  dynamic: readonly TagInSpend[];
}

/** More tags than a list shows. */
const MAX_TAGS = 10_000;

/** Every tag there is, registered or carried by calls. Throws not_admin. */
export async function listTags(deps: TagManagement, caller: Caller): Promise<TagList> {
  if (!maySeeAll(caller)) throw refuseAct(caller, '/tag/list');
  const { records } = await deps.owners.tags.list({ scope: 'all', limit: MAX_TAGS, offset: 0 });
  const names = new Set(records.map(({ id }) => id));
  const dynamic = (await deps.tagsInSpend()).filter(({ tag }) => !names.has(tag)).slice(0, MAX_TAGS);
  return { registered: await viewTags(deps, records), dynamic };
}
