/**
 * From the name that a client asks for to the deployments that may answer. An alias is replaced first; then a group of
 * exactly that name is taken, else the most specific wildcard that matches. Where none does, a name without a provider is
 * tried with the one that it speaks of: `gpt-4o` finds `openai/*`.
 */
import { guessProviders } from './guess-providers.ts';
import type { Deployment } from './model.ts';
import { isWildcard, matchWildcard } from './wildcard.ts';

/** Another name for a model group. */
export interface GroupAlias {
  alias: string;
  /** The group that answers, or a name that a wildcard matches. */
  model: string;
  /** Callable, but not listed. */
  hidden?: boolean;
}

export interface ModelGroup {
  /** The public name of the group: for a wildcard its pattern. */
  group: string;
  /** What the wildcard stands for; null for a group that was found by its name. */
  wildcardMatch: string | null;
  /** The name as the group matched it: with its provider where it carried none. */
  spelling: string;
  /** In the order of the configuration, those that cannot serve included. */
  deployments: readonly Deployment[];
}

export interface ModelIndex {
  /** Undefined: no such model. */
  resolve(name: string): ModelGroup | undefined;
  /** Every public name once, wildcards as they are written, then the aliases that are not hidden. */
  names(): readonly string[];
  /** What the proxy's alias of that name stands for; the name itself where it is no alias. */
  aliasTargetOf(name: string): string;
  /** Access groups of the model that the name leads to; none for an unknown name. */
  accessGroupsOf(name: string): readonly string[];
}

interface Found extends ModelGroup {
  accessGroups: readonly string[];
}

/** Built once from the configuration; every question is then a look-up. */
export function createModelIndex(deployments: readonly Deployment[], aliases: readonly GroupAlias[]): ModelIndex {
  const groups = new Map<string, Found>();
  for (const group of new Set(deployments.map(({ modelName }) => modelName))) {
    const members = deployments.filter(({ modelName }) => modelName === group);
    const accessGroups = [...new Set(members.flatMap((deployment) => deployment.accessGroups))];
    groups.set(group, { group, wildcardMatch: null, spelling: group, deployments: members, accessGroups });
  }
  const wildcards = [...groups.values()]
    .filter(({ group }) => isWildcard(group))
    .sort((a, b) => literalLength(b.group) - literalLength(a.group));
  const targets = new Map(aliases.map(({ alias, model }) => [alias, model]));
  const shownAliases = aliases.filter(({ hidden }) => hidden !== true).map(({ alias }) => alias);
  const names = [...new Set([...groups.keys(), ...shownAliases])];

  const findWildcard = (spelling: string): Found | undefined => {
    for (const group of wildcards) {
      const wildcardMatch = matchWildcard(group.group, spelling);
      if (wildcardMatch !== null) return { ...group, wildcardMatch, spelling };
    }
    return undefined;
  };
  const find = (requested: string): Found | undefined => {
    const name = targets.get(requested) ?? requested;
    const exact = groups.get(name);
    if (exact !== undefined && !isWildcard(name)) return exact;
    const found = findWildcard(name);
    if (found !== undefined || wildcards.length === 0 || name.includes('/')) return found;
    for (const provider of guessProviders(name)) {
      const guessed = findWildcard(`${provider}/${name}`);
      if (guessed !== undefined) return guessed;
    }
    return undefined;
  };

  return {
    resolve: find,
    names: () => names,
    aliasTargetOf: (name) => targets.get(name) ?? name,
    accessGroupsOf: (name) => find(name)?.accessGroups ?? [],
  };
}

/** The longer the part that has to match as it stands, the more specific the wildcard. */
function literalLength(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}

/** The model's name at the upstream: its `*` becomes what the wildcard in the public name stood for. */
export function upstreamModelFor(deployment: Deployment, wildcardMatch: string | null): string {
  return wildcardMatch === null ? deployment.upstreamModel : deployment.upstreamModel.replace('*', () => wildcardMatch);
}

export interface DeploymentOrder {
  /** From [0, 1); decides the whole order. */
  random: number;
  /** Ids of deployments that this call has already tried. */
  excluded: ReadonlySet<string>;
  /** True for a deployment that has failed too often lately: it is tried last. */
  cooldown: (id: string) => boolean;
  /** Tags of the request; they count only where `tagFiltering` is on. */
  tags?: readonly string[] | undefined;
  tagFiltering: boolean;
}

/**
 * The deployments to try, best first: a weighted shuffle, those that are cooling down behind the others. Shares follow
 * the weights; where these are all the same the rpm limits, else the tpm limits. A share of 0 comes last.
 * What cannot serve, was tried already, or does not fit the tags is left out, so the answer can be empty.
 */
export function orderDeployments(deployments: readonly Deployment[], order: DeploymentOrder): readonly Deployment[] {
  const fitting = order.tagFiltering ? filterByTags(deployments, order.tags ?? []) : deployments;
  const usable = fitting.filter(({ id, unavailable }) => unavailable === null && !order.excluded.has(id));
  if (usable.length < 2) return usable;
  const ready: Deployment[] = [];
  const cooling: Deployment[] = [];
  for (const deployment of weightedShuffle(usable, order.random)) {
    (order.cooldown(deployment.id) ? cooling : ready).push(deployment);
  }
  return [...ready, ...cooling];
}

/**
 * A request with tags goes to deployments with one of them, else to those tagged `default`. A request without tags
 * goes to those tagged `default` where there are any, else anywhere.
 */
function filterByTags(deployments: readonly Deployment[], tags: readonly string[]): readonly Deployment[] {
  const fallback = deployments.filter((deployment) => deployment.tags.includes('default'));
  if (tags.length === 0) return fallback.length > 0 ? fallback : deployments;
  const tagged = deployments.filter((deployment) => deployment.tags.some((tag) => tags.includes(tag)));
  return tagged.length > 0 ? tagged : fallback;
}

/** One random number is enough: the place where it falls within the chosen share is random again. */
function weightedShuffle(deployments: readonly Deployment[], random: number): Deployment[] {
  const left = sharesOf(deployments);
  const shuffled: Deployment[] = [];
  let dice = random;
  while (left.length > 0) {
    let total = left.reduce((sum, { share }) => sum + share, 0);
    if (total === 0) {
      for (const entry of left) entry.share = 1;
      total = left.length;
    }
    let point = dice * total;
    let index = left.findIndex(({ share }) => {
      if (point < share) return true;
      point -= share;
      return false;
    });
    if (index === -1) index = left.findLastIndex(({ share }) => share > 0);
    const [chosen] = left.splice(index, 1);
    if (chosen === undefined) break;
    shuffled.push(chosen.deployment);
    dice = Math.min(point / chosen.share, 1 - Number.EPSILON);
  }
  return shuffled;
}

function sharesOf(deployments: readonly Deployment[]): { deployment: Deployment; share: number }[] {
  const shares = (shareOf: (deployment: Deployment) => number) =>
    deployments.map((deployment) => ({ deployment, share: shareOf(deployment) }));
  const first = deployments[0];
  if (deployments.some(({ weight }) => weight !== first?.weight)) return shares(({ weight }) => Math.max(0, weight));
  for (const limit of ['rpm', 'tpm'] as const) {
    // No limit is not "nothing": such a deployment gets as much as the largest of the others.
    const largest = Math.max(...deployments.map((deployment) => deployment[limit] ?? 0));
    if (largest > 0) return shares((deployment) => deployment[limit] ?? largest);
  }
  return shares(() => 1);
}
