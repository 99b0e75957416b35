import { describe, expect, test } from 'vitest';
import { toEnvelope } from './gateway-error.ts';
import { denyModelAccess, isModelAllowed, type ModelAccessLevel } from './model-access.ts';

const GROUPS = new Map([
  ['gpt-4', ['beta-models']],
  ['claude-3', ['beta-models', 'slow-models']],
]);

function ask(
  allowed: readonly string[],
  requested: string,
  more: { resolved?: string; teamModels?: string[] | null } = {},
) {
  return isModelAllowed({
    requested,
    resolved: more.resolved ?? requested,
    allowed,
    accessGroupsOf: (model) => GROUPS.get(model) ?? [],
    teamModels: more.teamModels,
  });
}

describe('isModelAllowed', () => {
  test.each<[string, string[], string, boolean]>([
    ['an empty list allows every model', [], 'gpt-4', true],
    ['* allows every model', ['*'], 'anthropic/claude-3', true],
    ['all-proxy-models allows every model', ['all-proxy-models'], 'gpt-4', true],
    ['a name allows its model', ['gpt-4', 'gpt-5'], 'gpt-5', true],
    ['a name allows no other model', ['gpt-4'], 'gpt-5', false],
    ['a name is no prefix', ['gpt-4'], 'gpt-4o', false],
    ['names are case-sensitive', ['gpt-4'], 'GPT-4', false],
    ['a provider wildcard allows its models', ['openai/*'], 'openai/gpt-4o', true],
    ['a provider wildcard allows no other provider', ['openai/*'], 'anthropic/claude-3', false],
    ['a provider wildcard allows a name of that provider', ['openai/*'], 'gpt-4', true],
    ['a provider wildcard allows no name of another provider', ['openai/*'], 'claude-3', false],
    ['a provider wildcard allows no name of an unknown provider', ['openai/*'], 'bad-model', false],
    ['a provider wildcard allows a family whose name is all of it', ['openai/*'], 'o3', true],
    ['a family is no mere prefix', ['openai/*'], 'o3000-internal', false],
    ['gemini models count as gemini', ['gemini/*'], 'gemini-2.5-pro', true],
    ['gemini models count as vertex_ai', ['vertex_ai/*'], 'gemini-2.5-pro', true],
    ['a narrower provider wildcard narrows bare names too', ['openai/gpt-4*'], 'gpt-5', false],
    ['a wildcard within a provider', ['bedrock/anthropic.*'], 'bedrock/anthropic.claude-3-sonnet', true],
    ['a wildcard within a provider allows nothing beside it', ['bedrock/anthropic.*'], 'bedrock/amazon.titan', false],
    ['the dot of a wildcard is a dot', ['bedrock/anthropic.*'], 'bedrock/anthropicXclaude', false],
    ['a list of a name and a wildcard: the name', ['good-model', 'anthropic/*'], 'good-model', true],
    ['a list of a name and a wildcard: the wildcard', ['good-model', 'anthropic/*'], 'anthropic/anything', true],
    ['a list of a name and a wildcard: neither', ['good-model', 'anthropic/*'], 'bad-model', false],
    ['an access group allows its models', ['beta-models'], 'claude-3', true],
    ['an access group allows no other model', ['slow-models'], 'gpt-4', false],
    ['no-default-models allows nothing', ['no-default-models'], 'gpt-4', false],
    ['no-default-models wins over everything else', ['*', 'gpt-4', 'no-default-models'], 'gpt-4', false],
    ['all-team-models of a team that is not known allows nothing', ['all-team-models'], 'gpt-4', false],
  ])('%s', (_guarantee, allowed, requested, expected) => {
    expect(ask(allowed, requested)).toBe(expected);
  });

  test.each<[string, string[], boolean]>([
    ['its own name', ['my-alias'], true],
    ['the name of its target', ['gpt-4'], true],
    ['a wildcard that matches its target', ['openai/*'], true],
    ['an access group of its target', ['beta-models'], true],
    ['neither', ['gpt-5'], false],
  ])('an alias is allowed by %s', (_by, allowed, expected) => {
    expect(ask(allowed, 'my-alias', { resolved: 'gpt-4' })).toBe(expected);
  });

  test.each<[string, string[], string, boolean]>([
    ['a name in it', ['gpt-4'], 'gpt-4', true],
    ['a name not in it', ['gpt-4'], 'gpt-5', false],
    ['an empty team list', [], 'gpt-5', true],
    ['a wildcard in it', ['openai/*'], 'gpt-5', true],
    ['a team list that refers to itself', ['all-team-models'], 'gpt-5', false],
    ['a team that may use nothing', ['no-default-models'], 'gpt-5', false],
  ])('all-team-models asks the team: %s', (_case, teamModels, requested, expected) => {
    expect(ask(['all-team-models'], requested, { teamModels })).toBe(expected);
    expect(ask(['all-team-models', 'extra'], 'extra', { teamModels })).toBe(true);
  });

  test.each<[string[], boolean]>([
    [['all-team-models'], true],
    [['all-team-models', 'gpt-4'], true],
    [['all-team-models', 'no-default-models'], false],
    [['gpt-4'], false],
  ])('without a team %j allows another model: %s', (allowed, expected) => {
    expect(ask(allowed, 'gpt-5', { teamModels: null })).toBe(expected);
  });

  test('a provider that the caller knows replaces the one told by the name', () => {
    const question = { requested: 'gpt-4', resolved: 'gpt-4', accessGroupsOf: () => [], providerOf: () => 'azure' };
    expect(isModelAllowed({ ...question, allowed: ['azure/*'] })).toBe(true);
    expect(isModelAllowed({ ...question, allowed: ['openai/*'] })).toBe(false);
    expect(isModelAllowed({ ...question, allowed: ['azure/*'], providerOf: () => undefined })).toBe(false);
  });
});

describe('denyModelAccess', () => {
  test.each<[ModelAccessLevel, string, string]>([
    ['key', 'key', 'key_model_access_denied'],
    ['team', 'team', 'team_model_access_denied'],
    ['member', 'team member', 'team_model_access_denied'],
    ['user', 'user', 'user_model_access_denied'],
    ['organization', 'org', 'org_model_access_denied'],
    ['end_user', 'customer', 'customer_model_access_denied'],
  ])('%s: 403 with the type and the words that clients match on', (level, word, type) => {
    const error = denyModelAccess(level, ['gpt-4', 'openai/*'], 'gpt-5');
    const why = level === 'end_user' ? 'It is not in the allowed models for this customer. ' : '';
    expect(error.status).toBe(403);
    expect(toEnvelope(error)).toEqual({
      error: {
        message: `${word} not allowed to access model. ${why}This ${word} can only access models=['gpt-4', 'openai/*']. Tried to access gpt-5`,
        type,
        param: 'model',
        code: '403',
      },
    });
  });

  test('a name of any length makes a message of sane length', () => {
    expect(denyModelAccess('key', [], 'x'.repeat(100_000)).message.length).toBeLessThan(400);
  });
});
