/**
 * Names that no schema knows. A known LiteLLM setting without effect is collected for the warning; anything else is a
 * problem that says which setting was probably meant, or in which section it belongs.
 */
import { alertingArgs } from './alert-settings.ts';
import { cacheParams } from './cache-settings.ts';
import type { ConfigPlace, Report } from './config-problem.ts';
import { type ConfigNode, findNode, formatPath, type Path } from './config-tree.ts';
import { generalSettings, serviceAccountSettings } from './general-settings.ts';
import {
  keyDefaultParams,
  keyGenerationRules,
  keyUpperBoundParams,
  litellmSettings,
  ownerUpperBoundParams,
  personalKeyRules,
  teamKeyRules,
  userDefaultParams,
} from './litellm-settings.ts';
import { litellmParams, modelEntry, modelInfo } from './model-settings.ts';
import { nearestName } from './nearest-name.ts';
import { routerSettings } from './router-settings.ts';
import { s3CallbackParams } from './s3-callback-params.ts';
import { teamDefaultParams } from './team-settings.ts';
import * as unsupported from './unsupported-settings.ts';

interface Section {
  path: Path;
  known: readonly string[];
  unsupported: (name: string) => boolean;
  unsupportedNames: ReadonlySet<string>;
  /** Other names are the operator's own business. */
  open?: true;
}

const namesOf = (schema: { shape: object }): string[] => Object.keys(schema.shape);
const none: ReadonlySet<string> = new Set();

const SECTIONS = ['general_settings', 'litellm_settings', 'router_settings'] as const;
const TOP_LEVEL = ['model_list', ...SECTIONS, 'environment_variables', 'include'];
/** As in compose files, what begins so at the top is the operator's own: a place for anchors. */
const OWN_NAMES = 'x-';

function section(path: Path, known: readonly string[], names: ReadonlySet<string>): Section {
  return { path, known, unsupportedNames: names, unsupported: (name) => names.has(name) };
}

const FIXED_SECTIONS: readonly Section[] = [
  section([], TOP_LEVEL, unsupported.UNSUPPORTED_SECTIONS),
  section(['general_settings'], namesOf(generalSettings), unsupported.UNSUPPORTED_GENERAL_SETTINGS),
  section(['general_settings', 'alerting_args'], namesOf(alertingArgs), unsupported.UNSUPPORTED_ALERTING_ARGS),
  section(['general_settings', 'service_account_settings'], namesOf(serviceAccountSettings), none),
  section(['litellm_settings'], namesOf(litellmSettings), unsupported.UNSUPPORTED_LITELLM_SETTINGS),
  section(
    ['litellm_settings', 'default_key_generate_params'],
    namesOf(keyDefaultParams),
    unsupported.UNSUPPORTED_KEY_DEFAULTS,
  ),
  section(
    ['litellm_settings', 'default_internal_user_params'],
    namesOf(userDefaultParams),
    unsupported.UNSUPPORTED_USER_DEFAULTS,
  ),
  section(['litellm_settings', 'upperbound_key_generate_params'], namesOf(keyUpperBoundParams), none),
  section(['litellm_settings', 'key_generation_settings'], namesOf(keyGenerationRules), none),
  section(['litellm_settings', 'key_generation_settings', 'team_key_generation'], namesOf(teamKeyRules), none),
  section(['litellm_settings', 'key_generation_settings', 'personal_key_generation'], namesOf(personalKeyRules), none),
  section(['litellm_settings', 'upperbound_internal_user_params'], namesOf(ownerUpperBoundParams), none),
  section(['litellm_settings', 'upperbound_team_params'], namesOf(ownerUpperBoundParams), none),
  section(
    ['litellm_settings', 'default_team_params'],
    namesOf(teamDefaultParams),
    unsupported.UNSUPPORTED_TEAM_DEFAULTS,
  ),
  section(['litellm_settings', 's3_callback_params'], namesOf(s3CallbackParams), unsupported.UNSUPPORTED_S3_PARAMS),
  // Caches of other kinds have settings of their own.
  {
    ...section(['litellm_settings', 'cache_params'], namesOf(cacheParams), unsupported.UNSUPPORTED_CACHE_PARAMS),
    open: true,
  },
  section(['router_settings'], namesOf(routerSettings), unsupported.UNSUPPORTED_ROUTER_SETTINGS),
];

/** Checks every name in the file. Returns the places of known settings that have no effect. */
export function checkNames(root: ConfigNode, report: Report): ConfigPlace[] {
  const ineffective: ConfigPlace[] = [];
  for (const part of [...FIXED_SECTIONS, ...modelSections(root), ...aliasSections(root)]) {
    const node = findNode(root, part.path);
    if (node?.kind !== 'map') continue;
    for (const [name, { at }] of node.entries) {
      if (part.known.includes(name)) continue;
      const path = formatPath([...part.path, name]);
      if (part.path.length === 0 && name.startsWith(OWN_NAMES)) continue;
      if (part.unsupported(name)) ineffective.push({ path, at });
      else if (part.open !== true) report({ path, at, message: describeUnknown(name, part) });
    }
  }
  return ineffective;
}

function modelSections(root: ConfigNode): Section[] {
  const list = findNode(root, ['model_list']);
  if (list?.kind !== 'list') return [];
  return list.items.flatMap((_, index): Section[] => [
    section(['model_list', index], namesOf(modelEntry), unsupported.UNSUPPORTED_MODEL_FIELDS),
    {
      path: ['model_list', index, 'litellm_params'],
      known: namesOf(litellmParams),
      unsupportedNames: unsupported.UNSUPPORTED_LITELLM_PARAMS,
      unsupported: unsupported.isUnsupportedParam,
    },
    {
      path: ['model_list', index, 'model_info'],
      known: namesOf(modelInfo),
      unsupportedNames: none,
      unsupported: unsupported.isUnsupportedPrice,
      open: true,
    },
  ]);
}

function aliasSections(root: ConfigNode): Section[] {
  const path = ['router_settings', 'model_group_alias'];
  const aliases = findNode(root, path);
  if (aliases?.kind !== 'map') return [];
  return [...aliases.entries.keys()].map((alias) => section([...path, alias], ['model', 'hidden'], none));
}

function describeUnknown(name: string, part: Section): string {
  const home = FIXED_SECTIONS.find((other) => other !== part && other.known.includes(name));
  if (home !== undefined) {
    const where = home.path.length === 0 ? 'at the top of the file' : `in ${formatPath(home.path)}`;
    return `unknown setting \`${name}\` here; it belongs ${where}`;
  }
  const nearest = nearestName(name, part.known) ?? nearestName(name, part.unsupportedNames);
  const hint = nearest === undefined ? '' : `, did you mean \`${nearest}\`?`;
  return `unknown setting \`${name}\`${hint}`;
}
