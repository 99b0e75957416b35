/** Lists of a key against those of its maker: what restricts must be kept, what opens must not grow; and its expiry. */
import {
  type Aspect,
  type KeyBound,
  type KeyCeiling,
  type KeyDraft,
  withExtra,
  withMetadata,
} from './ceiling-terms.ts';
import { isIpRangeWithin } from './ip-range.ts';
import type { Json } from './json.ts';
import type { KeyRecord } from './key.ts';

/** Lists that restrict, or that money is counted by: a key carries all that its maker carries. */
const REQUIRED: readonly {
  param: string;
  read(key: KeyRecord): readonly Json[];
  write(key: KeyRecord, list: Json[]): KeyRecord;
}[] = [
  ...['tags', 'guardrails', 'enforced_params', 'logging'].map((name) => ({
    param: name === 'logging' ? 'metadata' : name,
    read: ({ metadata }: KeyRecord) => listIn(metadata[name]),
    write: (key: KeyRecord, list: Json[]) => withMetadata(key, name, list),
  })),
  {
    param: 'policies',
    read: ({ extra }) => listIn(extra.policies),
    write: (key, list) => withExtra(key, 'policies', list),
  },
];

const required: readonly Aspect[] = REQUIRED.map(({ param, read, write }) => ({
  read: ({ key }) => read(key),
  excess({ key }, ceiling) {
    const own = texts(read(key));
    for (const bound of ceiling.keys) {
      const missing = read(bound.key).find((item) => !own.includes(JSON.stringify(item)));
      if (missing !== undefined) return { param, message: `${param} must hold all that ${bound.whose} has there.` };
    }
    return undefined;
  },
  tighten({ key }, ceiling) {
    const items = [...read(key), ...ceiling.keys.flatMap((bound) => read(bound.key))];
    return write(key, [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]);
  },
}));

/** Empty: everything. */
const OPENING = [
  {
    field: 'allowedCacheControls',
    param: 'allowed_cache_controls',
    isWithin: (item: string, most: string) => item === most,
  },
  { field: 'allowedIps', param: 'allowed_ips', isWithin: isIpRangeWithin },
] as const;

const opening: readonly Aspect[] = OPENING.map(({ field, param, isWithin }) => {
  const isBeyond = ({ key }: KeyDraft, bound: KeyBound): boolean => {
    const most = bound.key[field];
    if (most.length === 0) return false;
    return key[field].length === 0 || key[field].some((item) => !most.some((entry) => isWithin(item, entry)));
  };
  return {
    read: ({ key }) => key[field],
    excess(draft, { keys }) {
      const bound = keys.find((candidate) => isBeyond(draft, candidate));
      if (bound === undefined) return undefined;
      const list = bound.key[field].join(', ');
      return { param, message: `${param} must be within that of ${bound.whose}: ${list}.` };
    },
    tighten: (draft, { keys }) => ({ ...draft.key, [field]: keys.find((bound) => isBeyond(draft, bound))?.key[field] }),
  } satisfies Aspect;
});

const expiry: Aspect = {
  read: ({ key }) => key.expiresAtMs,
  excess({ key }, ceiling) {
    const end = earliestEnd(ceiling);
    if (end === null || (key.expiresAtMs !== null && key.expiresAtMs <= end.atMs)) return undefined;
    const asked = key.expiresAtMs === null ? 'never' : new Date(key.expiresAtMs).toISOString();
    return {
      param: 'duration',
      message: `duration: the key cannot outlive ${end.whose}, which ends at ${new Date(end.atMs).toISOString()}; got ${asked}.`,
    };
  },
  tighten: ({ key }, ceiling) => ({ ...key, expiresAtMs: earliestEnd(ceiling)?.atMs ?? null }),
};

/** Whoever may only narrow a key does not take it off the rotation that somebody else has ordered. */
const rotation: Aspect = {
  read: ({ key }) => [key.autoRotate, key.rotationInterval],
  excess({ key }, { keys }) {
    const bound = keys.find(({ isBefore, key: before }) => isBefore && before.autoRotate);
    if (bound === undefined) return undefined;
    const keeps = key.autoRotate && key.rotationInterval === bound.key.rotationInterval;
    return keeps ? undefined : { param: 'auto_rotate', message: `auto_rotate: the rotation of ${bound.whose} stays.` };
  },
};

export const LIST_ASPECTS: readonly Aspect[] = [...required, ...opening, expiry, rotation];

function earliestEnd({ keys }: KeyCeiling): { whose: string; atMs: number } | null {
  const ends = keys.flatMap(({ whose, key }) => (key.expiresAtMs === null ? [] : [{ whose, atMs: key.expiresAtMs }]));
  return ends.sort((one, other) => one.atMs - other.atMs)[0] ?? null;
}

function listIn(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function texts(list: readonly Json[]): string[] {
  return list.map((item) => JSON.stringify(item));
}
