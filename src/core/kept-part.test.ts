import { expect, test } from 'vitest';
import { JsonBytes } from './json-bytes.ts';
import { KeptPart } from './kept-part.ts';

test('a part is written once, and anew when anything it is made of has changed', () => {
  let writes = 0;
  const part = new KeptPart<{ id: string; alias: string | null }>(
    ({ alias }) => [alias],
    (out, of) => {
      writes += 1;
      out.object({ ...of });
    },
  );
  const put = (id: string, alias: string | null) => {
    const out = new JsonBytes(1);
    part.put(out, id, { id, alias });
    return JSON.parse(out.toString()) as object;
  };
  for (const alias of ['a', 'a', 'b', 'b', null]) expect(put('k1', alias)).toEqual({ id: 'k1', alias });
  expect(put('k2', null)).toEqual({ id: 'k2', alias: null });
  expect(writes).toBe(4);
});

test('of very many, all are right', () => {
  const part = new KeptPart<number>(
    () => [],
    (out, of) => out.number(of),
  );
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 3_000; index += 1) {
      const out = new JsonBytes(1);
      part.put(out, String(index), index);
      expect(out.toString()).toBe(String(index));
    }
  }
});
