/** The names and values that are sent, held against OpenTelemetry's own list of them. */
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../__fixtures__/payload.ts';
import { toMetrics } from './call-metrics.ts';
import { toSpan } from './call-span.ts';

const known = new Set<unknown>(Object.values(conventions));
const answer = JSON.stringify({ choices: [{ message: { role: 'assistant', content: 'hi' } }] });
const record = payloadOf({}, { content: { messages: [{ role: 'user', content: 'hello' }], response: answer } });

const foreign = (names: readonly string[]) => names.filter((name) => !name.startsWith('latchkey.') && !known.has(name));

describe('OpenTelemetry’s conventions', () => {
  it('know every attribute of a span that is not named after the gateway', () => {
    const names = toSpan(record).attributes.map(({ key }) => key);
    expect(names).toEqual(
      expect.arrayContaining([conventions.ATTR_GEN_AI_INPUT_MESSAGES, conventions.ATTR_SERVER_ADDRESS]),
    );
    expect(foreign(names)).toEqual([]);
    expect(foreign([...names, 'gen_ai.no_such_name'])).toEqual(['gen_ai.no_such_name']);
  });

  it('know the operation', () => {
    const operation = toSpan(record).attributes.find(({ key }) => key === conventions.ATTR_GEN_AI_OPERATION_NAME);
    expect(operation?.value).toEqual({ stringValue: conventions.GEN_AI_OPERATION_NAME_VALUE_CHAT });
  });

  it('know every metric and its attributes', () => {
    const metrics = toMetrics([record]);
    expect(metrics.map(({ name }) => name).sort()).toEqual([
      conventions.METRIC_GEN_AI_CLIENT_OPERATION_DURATION,
      conventions.METRIC_GEN_AI_CLIENT_TOKEN_USAGE,
    ]);
    const points = metrics.flatMap(({ histogram }) => histogram.dataPoints);
    expect(foreign(points.flatMap(({ attributes }) => attributes.map(({ key }) => key)))).toEqual([]);
  });
});
