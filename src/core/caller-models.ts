/**
 * Which models a caller may call: every list on its path has to allow the name, the key's, the team's and its member's or
 * (without a team) the user's, the organisation's, and that of the customer on whose behalf it calls. A list is held against the name as it
 * reaches its level, so that no alias of a key opens what the team's list does not, and none of a team what the
 * organisation's or a customer's does not.
 */

import { teamIdOf } from './call-owners.ts';
import type { Caller } from './caller.ts';
import type { GatewayError } from './gateway-error.ts';
import { denyModelAccess, isModelAllowed, type ModelAccessLevel } from './model-access.ts';
import { memberRef } from './owner.ts';
import type { EndUserRecord } from './owner-records.ts';
import type { ModelIndex } from './routing.ts';

/** Whose lists count: a caller, or an owner as if it called by itself; and the customer on whose behalf, where there is one. */
export interface Asking extends Pick<Caller, 'key' | 'path'> {
  customer?: Pick<EndUserRecord, 'id' | 'models'> | null | undefined;
}

type Names = Pick<ModelIndex, 'resolve' | 'aliasTargetOf' | 'accessGroupsOf'>;

/** A model as it was asked for, after the key's aliases, and after the team's. */
interface Spellings {
  asked: string;
  ofKey: string;
  ofTeam: string;
}

/** One list that a call has to pass, and whether it does. */
export interface ModelCheck {
  level: ModelAccessLevel;
  ownerId: string;
  refusal: GatewayError | undefined;
}

/** The name that is called once the aliases of key and team are replaced. */
export function resolveAliases(caller: Asking, requested: string): string {
  return spell(caller, requested).ofTeam;
}

/** The refusal of the first list that does not allow the model; undefined: all of them do. */
export function refuseModel(models: Names, caller: Asking, requested: string): GatewayError | undefined {
  const spellings = spell(caller, requested);
  for (const level of LEVELS) {
    const owner = ownerAt(level, caller);
    if (owner === null || owner.models.length === 0) continue;
    const refusal = holdAgainst(models, caller, level, owner.models, spellings);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The same, list by list, those that pass included. */
export function checkModel(models: Names, caller: Asking, requested: string): ModelCheck[] {
  const spellings = spell(caller, requested);
  return LEVELS.flatMap((level) => {
    const owner = ownerAt(level, caller);
    if (owner === null) return [];
    return [
      {
        level,
        ownerId: ownerIdAt(level, caller),
        refusal: holdAgainst(models, caller, level, owner.models, spellings),
      },
    ];
  });
}

const LEVELS: readonly ModelAccessLevel[] = ['key', 'team', 'member', 'user', 'organization', 'end_user'];

/** Whoever has a list there. */
function ownerAt(level: ModelAccessLevel, { key, path, customer }: Asking): { models: readonly string[] } | null {
  switch (level) {
    case 'key':
      return key;
    case 'team':
      return path.team;
    case 'member':
      return path.member;
    case 'user':
      return teamIdOf({ key, path }) === null ? path.user : null;
    case 'organization':
      return path.organization;
    case 'end_user':
      return customer ?? null;
  }
}

/** Its name, for whoever is shown all lists: a call that passes needs none of these names. */
function ownerIdAt(level: ModelAccessLevel, { key, path, customer }: Asking): string {
  switch (level) {
    case 'key':
      return key?.keyId ?? '';
    case 'member':
      return path.member === null ? '' : memberRef(path.member.teamId, path.member.userId).id;
    case 'end_user':
      return customer?.id ?? '';
    default:
      return path[level]?.id ?? '';
  }
}

/** Whose lists may say `all-team-models` of a team. */
const SEES_TEAM: ReadonlySet<ModelAccessLevel> = new Set(['key', 'member']);

function holdAgainst(
  models: Names,
  caller: Asking,
  level: ModelAccessLevel,
  list: readonly string[],
  spellings: Spellings,
): GatewayError | undefined {
  const allowed = namesAt(level, models, spellings).some((name) =>
    isModelAllowed({
      requested: name,
      resolved: models.aliasTargetOf(name),
      allowed: list,
      accessGroupsOf: models.accessGroupsOf,
      teamModels: SEES_TEAM.has(level) && teamIdOf(caller) !== null ? caller.path.team?.models : null,
    }),
  );
  return allowed ? undefined : denyModelAccess(level, list, spellings.asked);
}

function namesAt(level: ModelAccessLevel, models: Names, { asked, ofKey, ofTeam }: Spellings): string[] {
  switch (level) {
    case 'key':
      return [...new Set([asked, ofKey, ofTeam])];
    case 'team':
    case 'member':
      // A list may name an alias of the team that is nothing else.
      return ofKey !== ofTeam && !isModel(models, ofKey) ? [ofKey, ofTeam] : [ofTeam];
    case 'user':
    case 'organization':
    case 'end_user':
      return [ofTeam];
  }
}

function isModel(models: Names, name: string): boolean {
  const group = models.resolve(name);
  return models.aliasTargetOf(name) !== name || (group !== undefined && group.wildcardMatch === null);
}

function spell({ key, path }: Asking, asked: string): Spellings {
  const ofKey = aliasOf(key?.aliases, asked);
  return { asked, ofKey, ofTeam: aliasOf(path.team?.modelAliases, ofKey) };
}

function aliasOf(aliases: Readonly<Record<string, string>> | undefined, name: string): string {
  return aliases !== undefined && Object.hasOwn(aliases, name) ? (aliases[name] as string) : name;
}
