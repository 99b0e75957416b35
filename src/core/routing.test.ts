import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment } from './model.ts';
import { createModelIndex, type DeploymentOrder, orderDeployments, upstreamModelFor } from './routing.ts';

function deployment(id: string, modelName: string, more: Partial<Deployment> = {}): Deployment {
  return {
    id,
    modelName,
    provider: 'openai',
    upstreamModel: modelName,
    apiBase: null,
    apiKey: null,
    apiVersion: null,
    region: null,
    organization: null,
    extraHeaders: {},
    requestDefaults: {},
    mockResponse: null,
    timeoutMs: null,
    streamTimeoutMs: null,
    maxRetries: null,
    weight: 1,
    rpm: null,
    tpm: null,
    maxParallelRequests: null,
    tags: [],
    accessGroups: [],
    price: undefined,
    baseModel: null,
    maxOutputTokens: null,
    mode: null,
    info: {},
    unavailable: null,
    ...more,
  };
}

const ids = (deployments: readonly Deployment[] | undefined): string[] | undefined => deployments?.map(({ id }) => id);

describe('createModelIndex', () => {
  const index = createModelIndex(
    [
      deployment('1', 'gpt-4', { accessGroups: ['beta'] }),
      deployment('2', '*'),
      deployment('3', 'openai/*', { accessGroups: ['open'] }),
      deployment('4', 'gpt-4', { accessGroups: ['beta', 'slow'] }),
      deployment('5', 'bedrock/anthropic.*'),
      deployment('6', 'bedrock/*'),
      deployment('7', 'openai/gpt-4'),
      deployment('8', 'broken', { unavailable: 'OPENAI_API_KEY is not set' }),
    ],
    [
      { alias: 'default', model: 'gpt-4' },
      { alias: 'best', model: 'openai/o3', hidden: true },
      { alias: 'broken', model: 'gpt-4', hidden: false },
    ],
  );

  test.each<[string, string, string | null, string[]]>([
    ['gpt-4', 'gpt-4', null, ['1', '4']],
    ['openai/gpt-4', 'openai/gpt-4', null, ['7']],
    ['openai/gpt-4o', 'openai/*', 'gpt-4o', ['3']],
    ['bedrock/anthropic.claude-3', 'bedrock/anthropic.*', 'claude-3', ['5']],
    ['bedrock/amazon.titan', 'bedrock/*', 'amazon.titan', ['6']],
    ['anything', '*', 'anything', ['2']],
    ['default', 'gpt-4', null, ['1', '4']],
    ['best', 'openai/*', 'o3', ['3']],
    ['broken', 'gpt-4', null, ['1', '4']],
    ['constructor', '*', 'constructor', ['2']],
  ])('%s leads to the group %s', (name, group, wildcardMatch, members) => {
    const found = index.resolve(name);
    expect(found?.group).toBe(group);
    expect(found?.wildcardMatch).toBe(wildcardMatch);
    expect(ids(found?.deployments)).toEqual(members);
  });

  test('a name that nothing matches leads nowhere', () => {
    const small = createModelIndex([deployment('1', 'gpt-4'), deployment('2', 'openai/*')], []);
    for (const name of ['my-model', 'claude-3', 'azure/gpt-4o', '__proto__']) {
      expect(small.resolve(name)).toBeUndefined();
      expect(small.accessGroupsOf(name)).toEqual([]);
    }
  });

  test('a name without a provider leads where it does with the one that it speaks of', () => {
    const small = createModelIndex(
      [
        deployment('1', 'gpt-4'),
        deployment('2', 'openai/*'),
        deployment('3', 'openai/gpt-5.4*', { accessGroups: ['new'] }),
        deployment('4', 'vertex_ai/*'),
      ],
      [{ alias: 'best', model: 'gpt-5.4-nano' }],
    );
    const found = (name: string) => {
      const group = small.resolve(name);
      return [group?.group, group?.wildcardMatch, group?.spelling];
    };
    expect(found('gpt-4')).toEqual(['gpt-4', null, 'gpt-4']);
    expect(found('gpt-4o')).toEqual(['openai/*', 'gpt-4o', 'openai/gpt-4o']);
    expect(found('openai/gpt-4o')).toEqual(['openai/*', 'gpt-4o', 'openai/gpt-4o']);
    expect(found('gpt-5.4-nano')).toEqual(['openai/gpt-5.4*', '-nano', 'openai/gpt-5.4-nano']);
    expect(found('best')).toEqual(found('gpt-5.4-nano'));
    expect(found('gemini-2')).toEqual(['vertex_ai/*', 'gemini-2', 'vertex_ai/gemini-2']);
    expect(small.accessGroupsOf('gpt-5.4-nano')).toEqual(['new']);
  });

  test('names are the public ones, each once, without hidden aliases', () => {
    expect(index.names()).toEqual([
      'gpt-4',
      '*',
      'openai/*',
      'bedrock/anthropic.*',
      'bedrock/*',
      'openai/gpt-4',
      'broken',
      'default',
    ]);
  });

  test('the target of an alias is one step away, and any other name is its own', () => {
    expect(index.aliasTargetOf('default')).toBe('gpt-4');
    expect(index.aliasTargetOf('best')).toBe('openai/o3');
    expect(index.aliasTargetOf('gpt-4')).toBe('gpt-4');
    expect(index.aliasTargetOf('unknown')).toBe('unknown');
  });

  test('access groups are those of all deployments behind the name, also through an alias or a wildcard', () => {
    expect(index.accessGroupsOf('gpt-4')).toEqual(['beta', 'slow']);
    expect(index.accessGroupsOf('default')).toEqual(['beta', 'slow']);
    expect(index.accessGroupsOf('openai/o3')).toEqual(['open']);
  });
});

describe('upstreamModelFor', () => {
  test.each<[string, string | null, string]>([
    ['gpt-4o', null, 'gpt-4o'],
    ['*', 'gpt-4o', 'gpt-4o'],
    ['anthropic.*', 'claude-3', 'anthropic.claude-3'],
    ['gpt-4o', 'whatever', 'gpt-4o'],
    ['*', '$&$1', '$&$1'],
  ])('%s with the match %s is %s', (upstreamModel, match, expected) => {
    expect(upstreamModelFor(deployment('1', '*', { upstreamModel }), match)).toBe(expected);
  });
});

describe('orderDeployments', () => {
  const order = (more: Partial<DeploymentOrder> = {}): DeploymentOrder => ({
    random: 0,
    excluded: new Set(),
    cooldown: () => false,
    tagFiltering: false,
    ...more,
  });
  const group = (...members: Partial<Deployment>[]): Deployment[] =>
    members.map((more, index) => deployment('abcdef'.charAt(index), 'm', more));

  /** How often each comes first over evenly spread dice. */
  const shares = (deployments: Deployment[], place = 0): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < 1_000; i++) {
      const id = orderDeployments(deployments, order({ random: (i + 0.5) / 1_000 }))[place]?.id ?? '';
      counts[id] = (counts[id] ?? 0) + 1;
    }
    return counts;
  };

  test.each<[string, Deployment[], Record<string, number>]>([
    ['equal where nothing is set', group({}, {}, {}, {}), { a: 250, b: 250, c: 250, d: 250 }],
    ['by weight', group({ weight: 1 }, { weight: 3 }), { a: 250, b: 750 }],
    ['by weight before rpm', group({ weight: 1, rpm: 900 }, { weight: 3, rpm: 100 }), { a: 250, b: 750 }],
    ['by rpm where weights are the same', group({ rpm: 900 }, { rpm: 100 }), { a: 900, b: 100 }],
    ['by rpm before tpm', group({ rpm: 900, tpm: 1 }, { rpm: 100, tpm: 9 }), { a: 900, b: 100 }],
    ['by tpm where there is no rpm', group({ tpm: 100 }, { tpm: 900 }), { a: 100, b: 900 }],
    [
      'no rpm limit is as good as the largest',
      group({ rpm: 100 }, {}, { rpm: 300 }, { rpm: 300 }),
      { a: 100, b: 300, c: 300, d: 300 },
    ],
    ['a weight of 0 gets nothing', group({ weight: 0 }, { weight: 1 }), { b: 1_000 }],
    ['weights of 0 are equal', group({ weight: 0 }, { weight: 0 }), { a: 500, b: 500 }],
  ])('traffic is shared %s', (_how, deployments, expected) => {
    expect(shares(deployments)).toEqual(expected);
  });

  test('the second try is shared in proportion too', () => {
    expect(shares(group({ weight: 2 }, { weight: 1 }, { weight: 1 }), 1)).toEqual({ a: 334, b: 333, c: 333 });
  });

  test('a weight of 0 is still tried, last', () => {
    expect(ids(orderDeployments(group({ weight: 0 }, { weight: 1 }, { weight: 0 }), order()))).toEqual(['b', 'a', 'c']);
  });

  test('what cannot serve and what was tried is left out, to the last one', () => {
    const deployments = group({}, { unavailable: 'no key' }, {});
    expect(ids(orderDeployments(deployments, order({ excluded: new Set(['a']) })))).toEqual(['c']);
    expect(orderDeployments(deployments, order({ excluded: new Set(['a', 'c']) }))).toEqual([]);
  });

  test('what is cooling down comes last, and is used when there is nothing else', () => {
    const deployments = group({ weight: 1_000 }, { weight: 1 });
    expect(ids(orderDeployments(deployments, order({ cooldown: (id) => id === 'a' })))).toEqual(['b', 'a']);
    expect(ids(orderDeployments(deployments, order({ cooldown: () => true })))).toEqual(['a', 'b']);
  });

  const tagged = group({ tags: ['teamA'] }, { tags: ['teamB'] }, { tags: ['default'] }, {});
  test.each<[string, Deployment[], string[] | undefined, string[]]>([
    ['its own tag', tagged, ['teamB'], ['b']],
    ['one of its tags', tagged, ['x', 'teamA', 'teamB'], ['a', 'b']],
    ['default, for a tag that nobody has', tagged, ['x'], ['c']],
    ['default, for no tags', tagged, undefined, ['c']],
    ['nothing, for a tag that nobody has and no default', tagged.slice(0, 2), ['x'], []],
    ['anything, for no tags and no default', tagged.slice(0, 2), [], ['a', 'b']],
  ])('with tag filtering a request goes to %s', (_where, deployments, tags, expected) => {
    expect(ids(orderDeployments(deployments, order({ tagFiltering: true, tags })))?.sort()).toEqual(expected);
    expect(orderDeployments(deployments, order({ tags }))).toHaveLength(deployments.length);
  });

  test('whatever the dice and the weights: every usable deployment once, the same order for the same dice', () => {
    const member = fc.record({
      weight: fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1e6, noNaN: true })),
      rpm: fc.option(fc.nat(1_000)),
      tpm: fc.option(fc.nat(1_000)),
      unavailable: fc.constantFrom(null, null, 'no key'),
    });
    fc.assert(
      fc.property(
        fc.array(member, { maxLength: 6 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.subarray(['a', 'b', 'c']),
        fc.subarray(['b', 'c', 'd']),
        (members, random, excluded, cooling) => {
          const deployments = group(...members);
          const settings = order({ random, excluded: new Set(excluded), cooldown: (id) => cooling.includes(id) });
          const result = ids(orderDeployments(deployments, settings)) ?? [];
          const usable = deployments.filter((one) => one.unavailable === null && !excluded.includes(one.id));
          expect([...result].sort()).toEqual(ids(usable));
          expect(ids(orderDeployments(deployments, settings))).toEqual(result);
          const states = result.map((id) => cooling.includes(id));
          expect(states).toEqual([...states].sort());
        },
      ),
    );
  });
});
