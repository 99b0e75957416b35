import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDoneMarker } from './done-marker.ts';

const bytes = (text: string) => Buffer.from(text);

test.each<[string, string[], string, string | null, boolean]>([
  [
    'the mark waits, what is before it does not',
    ['data: {"a":1}\n\ndata: [DONE]\n\n'],
    'data: {"a":1}\n\n',
    'data: [DONE]\n\n',
    true,
  ],
  ['a mark of its own', ['data: {}\n\n', 'data: [DONE]\n\n'], 'data: {}\n\n', 'data: [DONE]\n\n', true],
  ['a mark in pieces', ['data: {}\n\nda', 'ta: [DO', 'NE]', '\n\n'], 'data: {}\n\n', 'data: [DONE]\n\n', true],
  ['without a space', ['data:[DONE]\r\n\r\n'], '', 'data:[DONE]\r\n\r\n', true],
  ['a beginning that becomes something else', ['data: ', '{"x":"y"}\n\n'], 'data: {"x":"y"}\n\n', null, false],
  ['the words inside a line', ['data: {"content":"', 'data: [DONE]'], 'data: {"content":"data: [DONE]', null, false],
  ['no mark at all', ['data: {}\n\n'], 'data: {}\n\n', null, false],
])('%s', (_name, chunks, left, kept, seen) => {
  const marker = createDoneMarker();
  const out = chunks.map((chunk) => marker.push(bytes(chunk))?.toString() ?? '').join('');
  expect([out, marker.seen, marker.take()?.toString() ?? null]).toEqual([left, seen, kept]);
});

test('however a stream is cut, nothing is lost or reordered, and the mark is the last to leave', () => {
  const stream = 'data: {"d":"data: [DON"}\n\n: ping\n\ndata: {"e":2}\n\ndata: [DONE]\n\n';
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const marker = createDoneMarker();
      const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
      let out = '';
      for (let index = 1; index < edges.length; index += 1) {
        const chunk = stream.slice(edges[index - 1], edges[index]);
        if (chunk !== '') out += marker.push(bytes(chunk))?.toString() ?? '';
      }
      expect(out + (marker.take()?.toString() ?? '')).toBe(stream);
      expect(out).toBe(stream.slice(0, stream.indexOf('data: [DONE]\n')));
    }),
  );
});
