import { expect, test } from 'vitest';
import { readStreamRefusal } from './stream-refusal.ts';

const read = (text: string) => readStreamRefusal(Buffer.from(text), ['hunter2-hunter2']);

test.each([
  ['data: {"error":{"message":"busy","code":429}}\n\n', 429],
  ['data:{"error":{"message":"busy","status":"503"}}\r\n\r\n', 503],
  [': ping\n\n: ping\n\nevent: error\ndata: {"error":{"message":"busy","code":"rate_limit"}}\n\n', null],
  ['data: {"error":"busy","status_code":529}\n\ndata: [DONE]\n\n', 529],
  ['data: {"error":{"message":"busy","code":200}}\n\n', null],
])('an error in the place of the first event: %j', (text, status) => {
  expect(read(text)).toMatchObject({ status, message: 'busy' });
});

test.each([
  'data: {"choices":[{"delta":{"content":"\\"error\\""}}]}\n\n',
  'data: {"error":null,"choices":[]}\n\n',
  'data: {"choices":[]}\n\ndata: {"error":{"message":"later"}}\n\n',
  'data: {"error":{"message":"not whole',
  ': {"error":{"message":"a comment"}}\n\n',
  'data: "error"\n\n',
  'data: [DONE]\n\n',
])('everything else is the client’s: %j', (text) => {
  expect(read(text)).toBeNull();
});

test('tells no credential', () => {
  expect(read('data: {"error":{"message":"hunter2-hunter2 is wrong"}}\n\n')?.message).toBe('[redacted] is wrong');
});
