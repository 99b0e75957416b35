import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MALFORMED, STOPPED, scanMembers, spliceMembers } from './json-splice.ts';

const splice = (text: string, changes: Record<string, unknown>) => spliceMembers(Buffer.from(text), changes).toString();

describe('spliceMembers', () => {
  const cases: [name: string, text: string, changes: Record<string, unknown>, expected: string][] = [
    ['replaces a value', '{"model":"a","n":1.0}', { model: 'b' }, '{"model":"b","n":1.0}'],
    [
      'keeps numbers as written',
      '{"a":1.0,"b":12345678901234567890,"c":1E+2,"m":1}',
      { m: 2 },
      '{"a":1.0,"b":12345678901234567890,"c":1E+2,"m":2}',
    ],
    [
      'keeps white space',
      ' {\n  "a" : 1 ,\n\t"b" : [ 1, 2 ]\r\n} ',
      { a: true },
      ' {\n  "a" : true ,\n\t"b" : [ 1, 2 ]\r\n} ',
    ],
    ['adds at the end', '{"a":1}', { b: { c: [null] } }, '{"a":1,"b":{"c":[null]}}'],
    ['adds to an empty object', ' { } ', { a: 1 }, ' {"a":1} '],
    ['removes the first', '{"a":1,"b":2}', { a: undefined }, '{"b":2}'],
    ['removes the middle', '{"a":1,"b":2,"c":3}', { b: undefined }, '{"a":1,"c":3}'],
    ['removes the last', '{"a":1,"b":2}', { b: undefined }, '{"a":1}'],
    ['removes the only one', '{"a":1}', { a: undefined }, '{}'],
    ['removes what is not there', '{"a":1}', { b: undefined }, '{"a":1}'],
    ['changes every repetition', '{"m":1,"x":0,"m":2}', { m: 3 }, '{"m":3,"x":0,"m":3}'],
    ['keeps repetitions of others', '{"x":1,"x":2,"m":1}', { m: 2 }, '{"x":1,"x":2,"m":2}'],
    ['knows an escaped name', '{"mod\\u0065l":"a"}', { model: 'b' }, '{"mod\\u0065l":"b"}'],
    [
      'leaves nested names alone',
      '{"x":{"model":"a"},"y":[{"model":"a"}]}',
      { model: 'b' },
      '{"x":{"model":"a"},"y":[{"model":"a"}],"model":"b"}',
    ],
    [
      'reads escapes in strings',
      '{"x":"\\\\","y":"\\"model\\":1","model":1}',
      { model: 2 },
      '{"x":"\\\\","y":"\\"model\\":1","model":2}',
    ],
    [
      'is not fooled by brackets in strings',
      '{"x":["]}",{"y":"}{["}],"m":1}',
      { m: 2 },
      '{"x":["]}",{"y":"}{["}],"m":2}',
    ],
    [
      'skips lists of numbers',
      '{"x":[1,-2],"y":[[-1,[2]],[3,"]"],[4,{"a":[5]}],[]],"m":1,"z":[6]}',
      { m: 2 },
      '{"x":[1,-2],"y":[[-1,[2]],[3,"]"],[4,{"a":[5]}],[]],"m":2,"z":[6]}',
    ],
    ['changes nothing for no changes', '{ "a":1 }', {}, '{ "a":1 }'],
    ['escapes what it inserts', '{"a":1}', { 'b"': 'x"\n\u2028é' }, '{"a":1,"b\\"":"x\\"\\n\u2028é"}'],
    ['takes __proto__ for a name', '{"__proto__":1}', JSON.parse('{"__proto__":2}'), '{"__proto__":2}'],
  ];
  test.each(cases)('%s', (_, text, changes, expected) => {
    expect(splice(text, changes)).toBe(expected);
  });

  test('says the same as spreading the parsed object, for any object and any changes', () => {
    const names = fc.oneof(fc.constantFrom('model', 'stream', 'n', '__proto__', 'a"b', '\\', 'é'), fc.string());
    const values = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    const spaces = fc.constantFrom(undefined, 1, '\t');
    fc.assert(
      fc.property(
        fc.dictionary(names, fc.jsonValue()),
        fc.dictionary(names, values),
        spaces,
        (object, changes, space) => {
          const text = JSON.stringify(object, null, space);
          const expected = JSON.parse(JSON.stringify({ ...JSON.parse(text), ...changes }));
          expect(JSON.parse(splice(text, changes))).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is quick with lists nested deep that look like lists of numbers', () => {
    const deep = `{"x":${'[1,'.repeat(200_000)}1${']'.repeat(200_000)},"m":1}`;
    expect(splice(deep, { m: 2 })).toBe(deep.replace('"m":1', '"m":2'));
  });

  test('escaped text anywhere does not move the cuts', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\\', '"', '{', '}', ',', 'a', '\u0000', '\u2028', '😀') }),
        (noise) => {
          const text = JSON.stringify({ [`k${noise}`]: noise, list: [noise, { [noise]: noise }], model: noise });
          expect(JSON.parse(splice(text, { model: 'b' }))).toEqual({ ...JSON.parse(text), model: 'b' });
        },
      ),
    );
  });

  test('refuses text that is not an object', () => {
    for (const text of ['', '[]', '{"a":1', '{"a"}', 'null']) {
      expect(() => splice(text, { a: 2 })).toThrow(TypeError);
    }
  });
});

describe('scanMembers', () => {
  test('tells every member, and stops when told to', () => {
    const names: string[] = [];
    expect(scanMembers('{"a":1,"b":{"c":2}}', ({ name }) => names.push(name) < 0)).toBe(18);
    expect(names).toEqual(['a', 'b']);
    expect(scanMembers('{"a":1,"b":2', () => true)).toBe(STOPPED);
    expect(scanMembers('{"\\x":1}', ({ name }) => names.push(name) < 0)).toBe(7);
  });

  test.each([
    '',
    ' ',
    'x',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":"x',
    '{"a":[1',
    '{"a":}',
    '{"a":1}x',
    '{,}',
    '<html>',
  ])('calls %j malformed', (text) => {
    expect(scanMembers(text, () => false)).toBe(MALFORMED);
  });
});
