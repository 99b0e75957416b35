import { expect, test } from 'vitest';
import { callLog } from '../core/__fixtures__/call-log.ts';
import type { LogDestination } from '../core/log-destination.ts';
import { createRecordGatherer } from './gather-records.ts';

interface Written {
  destination: string;
  owners: (string | null)[];
  lines: { id: string; messages: unknown }[];
}

function setUp(beforeWrite?: () => void) {
  const written: Written[] = [];
  const lost: string[] = [];
  const disk = { full: false };
  const gatherer = createRecordGatherer({
    beforeWrite,
    put({ bytes, length, count }, owners) {
      if (disk.full) return Promise.resolve(false);
      const text = bytes.toString('utf8', 0, length);
      expect(text.endsWith('\n')).toBe(true);
      const lines = text
        .slice(0, -1)
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toHaveLength(count);
      written.push({ destination: owners[0]?.id as string, owners: owners.map(({ ownerId }) => ownerId), lines });
      return Promise.resolve(true);
    },
    onLost: ({ facts }, { id }, error) => lost.push(`${facts.requestId} of ${id}: ${(error as Error).message}`),
  });
  return { gatherer, written, lost, disk };
}

function destination(id: string, rest: Partial<LogDestination> = {}): LogDestination {
  const given = { type: 'generic_api', outcome: 'both', vars: {}, redactContent: false } as const;
  return { id, ...given, scope: 'key', ownerId: 'k1', place: 0, ...rest };
}

const said = (responseId: string, text: unknown = 'Hello') =>
  callLog({ responseId }, { content: { messages: [{ role: 'user', content: text }], response: null } });

const idsOf = (written: Written[]) =>
  written.map(({ destination: id, lines }) => `${id}: ${lines.map((line) => line.id).join(' ')}`);

test('the records of a turn are written at its end, all of one destination together', async () => {
  const { gatherer, written } = setUp();
  const a = destination('a');
  const b = destination('b');
  const first = gatherer.add(said('1'), a);
  void gatherer.add(said('2', 'é'.repeat(50_000)), b);
  void gatherer.add(said('3'), a);
  expect(written).toEqual([]);
  await first;
  expect(idsOf(written)).toEqual(['a: 1 3', 'b: 2']);
  await gatherer.add(said('4'), a);
  expect(idsOf(written)).toEqual(['a: 1 3', 'b: 2', 'a: 4']);
});

test('whoever must come first is asked before every write, and only then', async () => {
  const order: string[] = [];
  const { gatherer, written } = setUp(() => order.push(`first, then ${written.length}`));
  await gatherer.add(said('1'), destination('a'));
  gatherer.writeOut();
  void gatherer.add(said('2'), destination('a'));
  gatherer.writeOut();
  expect(idsOf(written)).toEqual(['a: 1', 'a: 2']);
  expect(order).toEqual(['first, then 0', 'first, then 1']);
});

test('what was written before the end of its turn is not written again', async () => {
  const { gatherer, written } = setUp();
  const done = gatherer.add(said('1'), destination('a'));
  gatherer.writeOut();
  await done;
  await new Promise((resolve) => setImmediate(resolve));
  expect(idsOf(written)).toEqual(['a: 1']);
});

test('a destination that is told no content gets none, and another of the same turn gets all', async () => {
  const { gatherer, written } = setUp();
  const whole = destination('whole');
  const redacted = destination('redacted', { redactContent: true });
  const log = said('1', 'Secret');
  void gatherer.add(log, whole);
  void gatherer.add(log, redacted);
  await gatherer.add(log, destination('whole too'));
  expect(written.map((one) => JSON.stringify(one).includes('Secret'))).toEqual([true, false, true]);
  // One destination under two owners that say different things about it.
  void gatherer.add(log, redacted);
  await gatherer.add(log, destination('redacted', { ownerId: 'k2' }));
  expect(written[3]?.lines.map((line) => JSON.stringify(line).includes('Secret'))).toEqual([false, true]);
  expect(written[3]?.owners).toEqual(['k1', 'k2']);
});

test('the owners of a destination are told once each', async () => {
  const { gatherer, written } = setUp();
  const [one, other] = [destination('a', { ownerId: 'k1' }), destination('a', { ownerId: 'k2' })];
  for (const owner of [one, other, one, other]) void gatherer.add(said('1'), owner);
  gatherer.writeOut();
  expect(written.map(({ owners }) => owners)).toEqual([['k1', 'k2']]);
});

test('a record that no line can be made of is lost for each destination, and the others are written', async () => {
  const { gatherer, written, lost } = setUp();
  const bad = callLog({ requestId: 'bad', tags: null as never });
  const good = said('1');
  for (const id of ['a', 'b']) {
    void gatherer.add(bad, destination(id));
    void gatherer.add(good, destination(id));
  }
  void gatherer.add(bad, destination('c'));
  gatherer.writeOut();
  expect(idsOf(written)).toEqual(['a: 1', 'b: 1']);
  expect(lost).toEqual([
    expect.stringMatching(/^bad of a: .*null/),
    expect.stringMatching(/^bad of b: .*null/),
    expect.stringMatching(/^bad of c: .*null/),
  ]);
});

test('what cannot be written keeps no call waiting, and the next can be', async () => {
  const { gatherer, written, disk } = setUp();
  disk.full = true;
  await gatherer.add(said('1'), destination('a'));
  disk.full = false;
  await gatherer.add(said('2'), destination('a'));
  expect(idsOf(written)).toEqual(['a: 2']);
});
