/** Rates, slots and other counts of a key against those of its maker. No count is more than any count. */
import { type Aspect, type KeyDraft, limitBounds, limitsOfDraft, withExtra, withMetadata } from './ceiling-terms.ts';
import type { KeyRecord } from './key.ts';
import { COUNT_LIMITS, COUNT_LIMITS_BY_MODEL, type Limits } from './limits.ts';
import { numbersByName } from './owner-policy.ts';

export const COUNT_ASPECTS: readonly Aspect[] = [
  ...COUNT_LIMITS.map(([field, param]) => buildCount(field, param)),
  ...COUNT_LIMITS_BY_MODEL.map(([field, param]) =>
    buildCounts(param, {
      read: ({ key, budget }) => limitsOfDraft({ key, budget })[field],
      bounds: (limits) => limits[field],
      write: (key, counts) => withMetadata(key, param, counts),
    }),
  ),
  buildCounts('tag_rpm_limit', {
    read: ({ key }) => numbersByName(key.metadata.tag_rpm_limit, {}),
    write: (key, counts) => withMetadata(key, 'tag_rpm_limit', counts),
  }),
  // Kept as it was written.
  buildCounts('mcp_rpm_limit', {
    read: ({ key }) => numbersByName(key.extra.mcp_rpm_limit, {}),
    write: (key, counts) => withExtra(key, 'mcp_rpm_limit', counts),
  }),
];

function buildCount(field: (typeof COUNT_LIMITS)[number][0], param: string): Aspect {
  const bound = (ceiling: Parameters<Aspect['excess']>[1]) =>
    limitBounds(ceiling)
      .flatMap(({ whose, limits }) => (limits[field] === null ? [] : [{ whose, most: limits[field] }]))
      .sort((one, other) => one.most - other.most)[0];
  return {
    read: (draft) => limitsOfDraft(draft)[field],
    excess(draft, ceiling) {
      const least = bound(ceiling);
      const count = limitsOfDraft(draft)[field];
      if (least === undefined || (count !== null && count <= least.most)) return undefined;
      return { param, message: beyond(param, count, least.whose, least.most) };
    },
    tighten: ({ key }, ceiling) => ({ ...key, [field]: bound(ceiling)?.most ?? null }),
  };
}

interface Counts {
  read(draft: KeyDraft): Readonly<Record<string, number>>;
  /** Absent: only keys have such counts. */
  bounds?(limits: Limits): Readonly<Record<string, number>>;
  write(key: KeyRecord, counts: Record<string, number>): KeyRecord;
}

function buildCounts(param: string, { read, bounds, write }: Counts): Aspect {
  const all = (ceiling: Parameters<Aspect['excess']>[1]) =>
    bounds === undefined
      ? ceiling.keys.map((bound) => ({ whose: bound.whose, counts: read(bound) }))
      : limitBounds(ceiling).map(({ whose, limits }) => ({ whose, counts: bounds(limits) }));
  return {
    read,
    excess(draft, ceiling) {
      const counts = read(draft);
      for (const { whose, counts: most } of all(ceiling)) {
        for (const [name, limit] of Object.entries(most)) {
          const count = Object.hasOwn(counts, name) ? (counts[name] as number) : null;
          if (count !== null && count <= limit) continue;
          return { param, message: beyond(`${param} of '${name}'`, count, whose, limit) };
        }
      }
      return undefined;
    },
    tighten(draft, ceiling) {
      const counts: Record<string, number> = { ...read(draft) };
      for (const { counts: most } of all(ceiling)) {
        for (const [name, limit] of Object.entries(most)) counts[name] = Math.min(counts[name] ?? limit, limit);
      }
      return write(draft.key, counts);
    },
  };
}

/** The words of every refusal of an amount. */
export function beyond(what: string, asked: number | string | null, whose: string, most: number | string): string {
  return `${what} cannot be more than that of ${whose}: got ${asked ?? 'no limit'}, at most ${most}.`;
}
