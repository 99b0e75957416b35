import { validateHeaderName, validateHeaderValue } from 'node:http';
import { expect, test } from 'vitest';
import { UpstreamHeaders } from '../providers/upstream-headers.ts';
import { buildAnswerHeaders } from './answer-headers.ts';
import type { OpenCall } from './open-call.ts';
import type { Candidate } from './prepare-call.ts';

const NAMES = ['gpt-4', 'openai/*', 'openai/gpt-4o', 'two words', 'modèle', '模型', 'half a pair \ud800', 'a:b(c)@d"e'];

const OWNER = { kind: 'key', id: 'key_1' };

function headersFor(name: string, more: object[] = []): Record<string, string> {
  const charge = { owner: OWNER, limit: 'model_rpm_limit', unit: 'requests', model: name };
  const call = {
    request: { caller: { key: null } },
    prepared: { group: name, insteadOf: name },
    admission: { hold: { charges: [{ charge, remaining: 2 }, ...more] }, outputCut: null },
  } as unknown as OpenCall;
  const candidate = {
    deployment: { id: name, modelName: name, region: name, apiBase: `http://upstream/${name}?secret=1` },
  } as unknown as Candidate;
  const upstream = new UpstreamHeaders([Buffer.from('OpenAI-Organization'), Buffer.from(name)]);
  const reached = {
    candidate,
    result: { headers: upstream },
    retries: 0,
    maxRetries: 2,
    timeoutMs: 600_000,
    upstreamMs: 5,
  };
  const pairs = buildAnswerHeaders(call, reached);
  return Object.fromEntries(
    pairs.flatMap((name, index) => (index % 2 === 0 ? [[name, pairs[index + 1] as string]] : [])),
  );
}

test.each(NAMES)('every header for a model called %j can be sent', (name) => {
  const headers = Object.entries(headersFor(name));
  expect(headers.length).toBeGreaterThan(5);
  for (const [header, value] of headers) {
    expect(() => validateHeaderName(header)).not.toThrow();
    expect(() => validateHeaderValue(header, value)).not.toThrow();
  }
});

test('a limit of one model is named after the model that has the limit', () => {
  expect(headersFor('gpt-4')).toMatchObject({
    'x-litellm-key-remaining-requests-gpt-4': '2',
    'x-litellm-model-group': 'gpt-4',
    'x-latchkey-budget-fallback-for': 'gpt-4',
    'x-litellm-model-api-base': 'http://upstream/gpt-4',
  });
});

test('of limits of tags the one with the least left is told, whatever the tags are called', () => {
  const held = (tag: string, ceiling: number, remaining: number) => {
    return { charge: { owner: OWNER, limit: 'tag_rpm_limit', unit: 'requests', tag, ceiling }, remaining };
  };
  const headers = headersFor('gpt-4', [held('模型', 9, 5), held('a b', 7, 3), held('x', 4, 4)]);
  expect(headers).toMatchObject({
    'x-ratelimit-tag_per_key-limit-requests': '7',
    'x-ratelimit-tag_per_key-remaining-requests': '3',
    'x-litellm-key-remaining-requests-gpt-4': '2',
  });
  expect(headers).not.toHaveProperty('x-ratelimit-limit-requests');
  expect(headersFor('gpt-4')).not.toHaveProperty('x-ratelimit-tag_per_key-limit-requests');
});
