import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cacheParams } from './cache-settings.ts';
import { ENVIRONMENT_NAMES, readEnvironment } from './env.ts';
import { generalSettings } from './general-settings.ts';
import {
  keyDefaultParams,
  keyGenerationRules,
  keyUpperBoundParams,
  litellmSettings,
  personalKeyRules,
  teamKeyRules,
  userDefaultParams,
} from './litellm-settings.ts';
import { loadConfig } from './load-config.ts';
import { PRICE_NAMES } from './model-price.ts';
import { litellmParams, modelEntry, modelInfo } from './model-settings.ts';
import { PROVIDERS, UNSUPPORTED_PROVIDERS } from './provider-defaults.ts';
import { routerSettings } from './router-settings.ts';
import { s3CallbackParams } from './s3-callback-params.ts';
import { teamCallbackSettings, teamDefaultParams } from './team-settings.ts';
import * as unsupported from './unsupported-settings.ts';

const root = new URL('../../', import.meta.url);
const document = readFileSync(new URL('docs/configuration.md', root), 'utf8');
const [supportedPart = '', unsupportedPart = ''] = document.split('## Known, not supported yet');
const namesIn = (text: string): Set<string> => new Set(text.match(/`[^`\n]+`/g)?.map((code) => code.slice(1, -1)));

test('every supported setting and variable is documented', () => {
  const schemas = [
    generalSettings,
    keyDefaultParams,
    userDefaultParams,
    keyUpperBoundParams,
    keyGenerationRules,
    teamKeyRules,
    personalKeyRules,
    litellmSettings,
    litellmParams,
    modelEntry,
    modelInfo,
    routerSettings,
    s3CallbackParams,
    cacheParams,
    teamDefaultParams,
    teamCallbackSettings,
  ];
  const names = schemas.flatMap((schema) => Object.keys(schema.shape)).filter((name) => !name.includes('_above_'));
  const documented = namesIn(supportedPart);
  expect([...names, ...Object.values(ENVIRONMENT_NAMES)].filter((name) => !documented.has(name))).toEqual([]);
  const tiers = PRICE_NAMES.map((name) => /_above_.*$/.exec(name)?.[0]).filter((tier) => tier !== undefined);
  expect(tiers.filter((tier) => !documented.has(tier))).toEqual([]);
});

test('every provider is documented, with its variables', () => {
  const documented = namesIn(supportedPart);
  const names = Object.entries(PROVIDERS).flatMap(([name, { keyVariables, baseVariables }]) => [
    name,
    ...keyVariables,
    ...baseVariables,
  ]);
  expect([...names, ...UNSUPPORTED_PROVIDERS].filter((name) => !documented.has(name))).toEqual([]);
});

test('every known setting without effect is documented as such, and nothing else is', () => {
  const names = Object.values(unsupported).flatMap((table) => (table instanceof Set ? [...table] : []));
  const lists = unsupportedPart.replaceAll(/^#.*$/gm, '');
  const documented = [...namesIn(lists)].filter((name) => !name.endsWith('_'));
  expect(documented.filter((name) => !names.includes(name)).sort()).toEqual([]);
  expect(names.filter((name) => !documented.includes(name)).sort()).toEqual([]);
});

test('no setting is both supported and without effect', () => {
  const both = (known: { shape: object }, names: ReadonlySet<string>) =>
    Object.keys(known.shape).filter((name) => names.has(name));
  expect([
    ...both(generalSettings, unsupported.UNSUPPORTED_GENERAL_SETTINGS),
    ...both(litellmSettings, unsupported.UNSUPPORTED_LITELLM_SETTINGS),
    ...both(routerSettings, unsupported.UNSUPPORTED_ROUTER_SETTINGS),
    ...both(litellmParams, unsupported.UNSUPPORTED_LITELLM_PARAMS),
    ...both(cacheParams, unsupported.UNSUPPORTED_CACHE_PARAMS),
    ...both(keyDefaultParams, unsupported.UNSUPPORTED_KEY_DEFAULTS),
    ...both(teamDefaultParams, unsupported.UNSUPPORTED_TEAM_DEFAULTS),
  ]).toEqual([]);
});

test('the starter configuration is right, warns of nothing and has a model that can be called at once', () => {
  const starter = readFileSync(new URL('config.yaml', root), 'utf8');
  const config = loadConfig({ environment: readEnvironment({}), readFile: () => starter });
  expect(config.warnings).toEqual([]);
  const callable = config.deployments.filter(({ unavailable }) => unavailable === null);
  expect(callable.map(({ modelName }) => modelName)).toEqual(['mock-gpt']);
  expect(callable[0]?.price).toBeDefined();
});

test("the starter's real models switch on with their provider's variable", () => {
  const starter = readFileSync(new URL('config.yaml', root), 'utf8');
  const config = loadConfig({ environment: readEnvironment({ OPENAI_API_KEY: 'k' }), readFile: () => starter });
  const callable = config.deployments
    .filter(({ unavailable }) => unavailable === null)
    .map(({ modelName }) => modelName);
  expect(callable).toEqual(['mock-gpt', 'gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small']);
});
