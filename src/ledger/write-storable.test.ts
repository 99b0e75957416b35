import { describe, expect, test } from 'vitest';
import { JsonBytes } from '../core/json-bytes.ts';
import { fromRecordRow, writeRecordRow } from '../core/record-row.ts';
import type { SpendRecord } from '../core/spend-record.ts';
import { buildRecord } from './__fixtures__/calls.ts';
import { writeStorable } from './write-storable.ts';

function store(record: SpendRecord) {
  const out = new JsonBytes(16);
  const stored = writeStorable(out, record, writeRecordRow);
  return { stored, read: fromRecordRow(JSON.parse(out.toString())) };
}

describe('a record that can be stored as it is', () => {
  test('is left alone, whatever is written in it', () => {
    const record = buildRecord('r1', 1, { model: 'ü 🎉 \\u0000 \n', messages: 'x'.repeat(10_000) });
    const { stored, read } = store(record);
    expect(stored).toEqual(record);
    expect(read).toEqual(record);
  });
});

describe('characters that PostgreSQL refuses', () => {
  test.each([
    ['NUL', 'a\0b', 'a\uFFFDb'],
    ['a lone first half', 'a\ud83cb', 'a\uFFFDb'],
    ['a lone second half', 'a\udf89b', 'a\uFFFDb'],
    ['next to a whole pair', '🎉\ud83c', '🎉\uFFFD'],
  ])('%s becomes U+FFFD in values, in lists and in names of metadata', (_name, hostile, mended) => {
    const record = buildRecord('r1', 1, {
      model: hostile,
      tags: [hostile],
      metadata: { [hostile]: [hostile, 1, null] },
    });
    const { stored, read } = store(record);
    expect(store(record)).toEqual({ stored, read });
    expect(stored).toEqual({ ...record, model: mended, tags: [mended], metadata: { [mended]: [mended, 1, null] } });
    expect(read).toEqual(stored);
  });
});

describe('names', () => {
  test('that fit no index are cut, and two that differ remain two', () => {
    const long = 'n'.repeat(2_000);
    const one = store(buildRecord('r1', 1, { endUser: `${long}1`, tags: [long] })).stored;
    const two = store(buildRecord('r1', 1, { endUser: `${long}2` })).stored;
    expect(one.endUser).toHaveLength(512);
    expect(one.tags[0]).toHaveLength(512);
    expect(one.endUser).not.toBe(two.endUser);
  });
});
