/** Models of a key against those of its maker, under whatever names they would be reached. */
import { type Aspect, type KeyCeiling, type KeyDraft, textsIn } from './ceiling-terms.ts';
import { isJsonObject, type Json } from './json.ts';
import type { KeyRecord } from './key.ts';
import { findModelBeyond } from './model-subset.ts';
import type { TeamRecord } from './owner-records.ts';

const models: Aspect = {
  read: ({ key }) => key.models,
  excess(draft, ceiling) {
    const own = expand(draft.key.models, draft.team);
    for (const { whose, list, carried } of lists(ceiling)) {
      // Whose list holds for the key's calls in any case need not be repeated in it.
      if (own.length === 0 && !carried) continue;
      const found = findModelBeyond(own, list, ceiling.world.accessGroupsOf);
      if (found !== null) return beyondModels('models', found, whose, list);
    }
    return undefined;
  },
  tighten: ({ key }, ceiling) => {
    const tightest = lists(ceiling).find(({ list, carried }) => carried && list.length > 0);
    return tightest === undefined ? key : { ...key, models: tightest.list };
  },
};

/** Other names for models: what they stand for is what has to be within. */
const targets: readonly Aspect[] = (
  [
    ['aliases', ({ key }: KeyDraft): readonly string[] => Object.values(key.aliases)],
    ['budget_fallbacks', ({ key }: KeyDraft): readonly string[] => textsWithin(key.extra.budget_fallbacks)],
  ] as const
).map(([param, read]) => ({
  read,
  excess(draft, ceiling) {
    const names = read(draft);
    if (names.length === 0) return undefined;
    for (const { whose, list } of lists(ceiling)) {
      const found = findModelBeyond(names, list, ceiling.world.accessGroupsOf);
      if (found !== null) return beyondModels(param, found, whose, list);
    }
    return undefined;
  },
}));

/** Where a model's name stands for another model, the one that has the name is out of reach, and stays so. */
const redirections: Aspect = {
  read: ({ key }) => key.aliases,
  excess({ key }, ceiling) {
    for (const { whose, key: bound } of ceiling.keys) {
      for (const [name, target] of redirectionsOf(bound, ceiling)) {
        const reaches = Object.values(key.aliases).includes(name) && !Object.values(bound.aliases).includes(name);
        if (key.aliases[name] === target && !reaches) continue;
        return {
          param: 'aliases',
          message: `aliases: '${name.slice(0, 200)}' stands for '${target.slice(0, 200)}' in ${whose}, and has to here.`,
        };
      }
    }
    return undefined;
  },
  tighten: ({ key }, ceiling) => {
    const kept = ceiling.keys.flatMap(({ key: bound }) => redirectionsOf(bound, ceiling));
    return { ...key, aliases: { ...key.aliases, ...Object.fromEntries(kept) } };
  },
};

export const MODEL_ASPECTS: readonly Aspect[] = [models, redirections, ...targets];

/** Those of names that would be a model's. */
function redirectionsOf({ aliases }: KeyRecord, { world }: KeyCeiling): [string, string][] {
  return Object.entries(aliases).filter(([name, target]) => name !== target && world.isKnownModel(name));
}

function lists({ keys, models: owners }: KeyCeiling) {
  return [
    ...keys.map(({ whose, key, team }) => ({ whose, list: expand(key.models, team), carried: true })),
    ...owners.map(({ whose, models: list, carried }) => ({ whose, list: expand(list, null), carried })),
  ];
}

/** `all-team-models` is what the team's list says, and everything where it says nothing. */
function expand(list: readonly string[], team: TeamRecord | null): readonly string[] {
  if (!list.includes('all-team-models')) return list;
  const ofTeam = team === null || team.models.length === 0 ? ['*'] : team.models;
  return [...new Set(list.flatMap((entry) => (entry === 'all-team-models' ? ofTeam : [entry])))];
}

function textsWithin(value: Json | undefined): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return textsIn(value);
  return isJsonObject(value) ? Object.values(value).flatMap(textsWithin) : [];
}

function beyondModels(param: string, model: string, whose: string, list: readonly string[]) {
  const shown = list.slice(0, 50).map((name) => `'${name}'`);
  return {
    param,
    message: `${param}: '${model.slice(0, 200)}' is beyond the models of ${whose}, which are [${shown.join(', ')}].`,
  };
}
