import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemActor } from './audit.ts';
import { type AuditHead, type AuditRow, type AuditText, GENESIS_HASH, hashAuditRow } from './audit-chain.ts';
import { type AuditCheckInput, createAuditCheck } from './audit-check.ts';
import { createAuditSeal } from './audit-seal.ts';

const seal = createAuditSeal('the salt of this test');

function buildText(number: number): AuditText {
  return {
    ...systemActor('ann', `request ${number}`),
    callerUserId: 'ann',
    callerKeyId: 'key_1',
    callerSessionId: 'session',
    sourceIp: '10.0.0.1',
    userAgent: 'curl',
    route: 'POST /key/update',
    id: `row-${number}`,
    atMs: 1_000 + number,
    action: 'updated',
    tableName: 'table',
    objectId: `object ${number}`,
    objectKeyId: 'key_2',
    objectName: 'name',
    before: `{"a":${number}}`,
    after: `{"a":${number + 1}}`,
  };
}

function chain(texts: readonly AuditText[], by = seal): AuditRow[] {
  let prevHash = GENESIS_HASH;
  return texts.map((text, index) => {
    const row = { ...text, seq: index + 1, prevHash, hash: hashAuditRow(index + 1, prevHash, text) };
    prevHash = row.hash;
    return { ...row, mac: by.rowMac(row.hash) };
  });
}

const headOf = (rows: readonly AuditRow[]): AuditHead => {
  const { seq = 0, hash = GENESIS_HASH } = rows.at(-1) ?? {};
  return { seq, hash, mac: seal.headMac(seq, hash) };
};

/** A log of ten rows as it should be. */
const LOG = chain(Array.from({ length: 10 }, (_, index) => buildText(index + 1)));
const HEAD = headOf(LOG);

function check(rows: readonly AuditRow[], input: Partial<AuditCheckInput> = {}) {
  const walk = createAuditCheck({ seals: [seal], head: HEAD, checkpoints: [], ...input });
  for (const row of [...rows].sort((a, b) => a.seq - b.seq)) walk.add(row);
  return walk.finish();
}

/** Kind and rows of each fault. */
const faultsOf = (rows: readonly AuditRow[], input: Partial<AuditCheckInput> = {}) =>
  check(rows, input).faults.map(({ kind, seq, lastSeq }) => [kind, seq, lastSeq]);

const replace = (seq: number, fields: Partial<AuditRow>) =>
  LOG.map((row) => (row.seq === seq ? { ...row, ...fields } : row));
const at = (seq: number): AuditRow => LOG[seq - 1] as AuditRow;
const without = (...seqs: number[]) => LOG.filter(({ seq }) => !seqs.includes(seq));

test('an untouched log has no fault, with the salt key and without', () => {
  expect(check(LOG)).toEqual({ rows: 10, faults: [], faultCount: 0 });
  expect(faultsOf(LOG, { seals: [] })).toEqual([]);
  expect(faultsOf([], { head: headOf([]) })).toEqual([]);
});

describe('a flipped byte', () => {
  const COLUMNS = Object.keys(at(1)) as (keyof AuditRow)[];
  const CHAINED = ['hash', 'prevHash', 'mac', 'seq'];

  test.each(COLUMNS.filter((column) => !CHAINED.includes(column)))(
    'in %s of any row is found in that row',
    (column) => {
      for (const { seq } of LOG) {
        const value = at(seq)[column];
        const flipped = typeof value === 'number' ? value ^ 1 : `${String(value).slice(0, -1)}~`;
        for (const seals of [[seal], []]) {
          expect(faultsOf(replace(seq, { [column]: flipped }), { seals })).toEqual([['changed_row', seq, seq]]);
          if (value !== null) {
            expect(faultsOf(replace(seq, { [column]: null as never }), { seals })).toEqual([['changed_row', seq, seq]]);
          }
        }
      }
    },
  );

  test.each(['hash', 'prevHash'] as const)('in %s of any row is told from a change of its fields', (column) => {
    for (const { seq } of LOG) {
      const rows = replace(seq, { [column]: 'f'.repeat(64) });
      expect(faultsOf(rows)).toEqual([['changed_link', seq, seq]]);
      expect(faultsOf(rows, { seals: [] })).toEqual([['changed_link', seq, seq]]);
    }
  });

  test('in the seal of a row is found, and so is a seal that was taken off', () => {
    const broken = `${at(4).mac?.slice(0, -1)}x`;
    expect(faultsOf(replace(4, { mac: broken }))).toEqual([['wrong_seal', 4, 4]]);
    expect(faultsOf(replace(4, { mac: null }))).toEqual([['wrong_seal', 4, 4]]);
    expect(faultsOf(replace(4, { mac: at(5).mac }))).toEqual([['wrong_seal', 4, 4]]);
  });

  test('in the number of a row is found, and the row is recognised', () => {
    expect(faultsOf(replace(4, { seq: 4_000 }))).toEqual([['moved_row', 4, 4]]);
    expect(faultsOf(replace(4, { seq: 0 }))).toEqual([['moved_row', 4, 4]]);
    expect(faultsOf(replace(10, { seq: 11 }))).toEqual([['moved_row', 10, 10]]);
  });

  test.each([
    ['seq', { seq: 9 }],
    ['hash', { hash: at(9).hash }],
    ['mac', { mac: seal.rowMac(HEAD.hash) }],
  ])('in %s of the head is found', (_column, fields) => {
    expect(check(LOG, { head: { ...HEAD, ...fields } }).faultCount).toBeGreaterThan(0);
  });

  test('anywhere, to anything, is found at its row', () => {
    const column = fc.constantFrom(...COLUMNS.filter((name) => name !== 'seq'));
    const value = fc.oneof(fc.string(), fc.constant(null), fc.integer());
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), column, value, (seq, name, changed) => {
        const rows = replace(seq, { [name]: changed as never });
        // Numbers and text that look alike are the same in a database.
        if (String(at(seq)[name]) === String(changed)) return;
        expect(check(rows).faults.map((fault) => fault.seq)).toEqual([seq]);
      }),
    );
  });
});

describe('rows that are missing', () => {
  test.each([
    [[5], [['missing_rows', 5, 5]]],
    [[1], [['missing_rows', 1, 1]]],
    [[4, 5, 6], [['missing_rows', 4, 6]]],
    [
      [2, 8],
      [
        ['missing_rows', 2, 2],
        ['missing_rows', 8, 8],
      ],
    ],
    [[10], [['cut_tail', 10, 10]]],
    [[8, 9, 10], [['cut_tail', 8, 10]]],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [['cut_tail', 1, 10]]],
  ])('%j are named', (seqs, faults) => {
    expect(faultsOf(without(...seqs))).toEqual(faults);
    expect(faultsOf(without(...seqs), { seals: [] })).toEqual(faults);
  });

  test('are found when the rows behind them were numbered anew', () => {
    const closed = without(5).map((row) => (row.seq > 5 ? { ...row, seq: row.seq - 1 } : row));
    expect(faultsOf(closed)).toEqual([['missing_rows', 5, 5]]);
    expect(faultsOf(closed, { head: { ...HEAD, seq: 9 } })).toContainEqual(['missing_rows', 5, 5]);
  });

  test('at the end are found by the seal of the head, when the head was set back as well', () => {
    const [rows, last] = [LOG.slice(0, 7), at(7)];
    expect(faultsOf(rows, { head: { seq: 7, hash: last.hash, mac: last.mac } })).toEqual([['wrong_head', 7, 7]]);
    expect(faultsOf(rows, { head: { seq: 7, hash: last.hash, mac: HEAD.mac } })).toEqual([['wrong_head', 7, 7]]);
    expect(faultsOf(rows, { head: undefined })).toEqual([['wrong_head', 7, 7]]);
  });

  test('at the end, with a head that a gateway had made at the time, are found by a checkpoint alone', () => {
    const [rows, head] = [LOG.slice(0, 7), headOf(LOG.slice(0, 7))];
    expect(faultsOf(rows, { head })).toEqual([]);
    const checkpoints = [{ seq: 9, hash: at(9).hash, at: 'then' }];
    expect(faultsOf(rows, { head, checkpoints })).toEqual([['checkpoint', 9, 9]]);
    expect(faultsOf(LOG, { checkpoints })).toEqual([]);
  });
});

describe('two rows that were swapped are named', () => {
  const CHAIN = (row: AuditRow) => ({ seq: row.seq, prevHash: row.prevHash, hash: row.hash, mac: row.mac });
  const swap = (how: (row: AuditRow, other: AuditRow) => AuditRow, a: number, b: number) =>
    LOG.map((row) => (row.seq === a ? how(row, at(b)) : row.seq === b ? how(row, at(a)) : row));

  test.each([
    ['by their numbers', (row: AuditRow, other: AuditRow) => ({ ...row, seq: other.seq })],
    ['by all their fields', (row: AuditRow, other: AuditRow) => ({ ...other, ...CHAIN(row) })],
    ['by all their fields but the id', (row: AuditRow, other: AuditRow) => ({ ...other, ...CHAIN(row), id: row.id })],
    ['by fields and links', (row: AuditRow, other: AuditRow) => ({ ...other, seq: row.seq, hash: row.hash })],
  ])('%s', (_how, how) => {
    for (const [a, b] of [
      [4, 5],
      [2, 9],
      [1, 10],
    ] as const) {
      expect(faultsOf(swap(how, a, b))).toEqual([['swapped_rows', a, b]]);
      expect(faultsOf(swap(how, a, b), { seals: [] })).toEqual([['swapped_rows', a, b]]);
    }
  });
});

describe('a row that was put in', () => {
  const forged = { ...buildText(99), id: 'forged' };

  test('between two is found, and those behind it are recognised', () => {
    const row = { ...forged, seq: 5, prevHash: at(4).hash, hash: hashAuditRow(5, at(4).hash, forged), mac: at(5).mac };
    const rows = [...LOG.map((each) => (each.seq >= 5 ? { ...each, seq: each.seq + 1 } : each)), row];
    expect(faultsOf(rows)).toContainEqual(['inserted_row', 5, 5]);
    expect(check(rows).faults.every(({ seq }) => seq === 5)).toBe(true);
    expect(faultsOf(rows, { seals: [] })).toEqual([['inserted_row', 5, 5]]);
  });

  test('at the end is found', () => {
    const row = { ...forged, seq: 11, prevHash: HEAD.hash, hash: hashAuditRow(11, HEAD.hash, forged), mac: null };
    expect(faultsOf([...LOG, row])).toContainEqual(['inserted_row', 11, 11]);
    expect(faultsOf([...LOG, row], { seals: [] })).toEqual([['inserted_row', 11, 11]]);
    expect(faultsOf([...LOG, { ...row, seq: 77 }])).toContainEqual(['inserted_row', 77, 77]);
  });

  test('with a number that is there already is found', () => {
    expect(faultsOf([...LOG, { ...forged, seq: 6, prevHash: '', hash: '', mac: null }])).toEqual([
      ['inserted_row', 6, 6],
    ]);
    expect(faultsOf([...LOG, at(6)])).toEqual([['inserted_row', 6, 6]]);
  });
});

describe('a chain that was computed anew', () => {
  const rewritten = chain(
    [...LOG.slice(0, 4), { ...at(5), after: '{"a":"forged"}' }, ...LOG.slice(5)],
    createAuditSeal('guess'),
  );
  const plausible = rewritten.map((row) => ({ ...row, mac: at(row.seq).mac }));
  const head = { ...headOf(rewritten), mac: HEAD.mac };

  test('from one row on is found at that row, by whoever has the salt key', () => {
    expect(faultsOf(plausible, { head })[0]).toEqual(['wrong_seal', 5, 5]);
    expect(faultsOf(plausible, { head })).toContainEqual(['wrong_head', 10, 10]);
    expect(faultsOf(rewritten, { head }).map(([kind]) => kind)).toEqual(['foreign_seal', 'wrong_head']);
  });

  test('is found without the salt key by a checkpoint, and not otherwise', () => {
    expect(faultsOf(plausible, { head, seals: [] })).toEqual([]);
    const checkpoints = [{ seq: 8, hash: at(8).hash, at: 'then' }];
    expect(faultsOf(plausible, { head, seals: [], checkpoints })).toEqual([['checkpoint', 8, 8]]);
  });

  test('for one row alone is found where the next does not follow', () => {
    const alone = plausible.map((row) => (row.seq === 5 ? row : at(row.seq)));
    expect(faultsOf(alone)).toEqual([['wrong_seal', 5, 5]]);
    expect(faultsOf(alone, { seals: [] })).toEqual([['broken_link', 6, 6]]);
  });
});

describe('rows under another salt key', () => {
  const other = createAuditSeal('an earlier salt');
  const earlier = LOG.map((row) => (row.seq < 5 ? { ...row, mac: other.rowMac(row.hash) } : row));

  test('are vouched for when that key is given, and said to be unknown when not', () => {
    expect(faultsOf(earlier, { seals: [seal, other] })).toEqual([]);
    expect(faultsOf(earlier)).toEqual([['foreign_seal', 1, 4]]);
  });

  test('may be gone on from when an earlier key vouches for their end, and are a fault when none does', () => {
    const end = at(4);
    const resume = (mac: string) =>
      chain([
        ...LOG.slice(0, 4),
        { ...buildText(5), action: 'resumed' as const, before: JSON.stringify({ ...headOf(LOG.slice(0, 4)), mac }) },
        buildText(6),
      ]);
    const genuine = resume(other.headMac(4, end.hash));
    expect(faultsOf(genuine, { head: headOf(genuine), seals: [seal, other] })).toEqual([]);
    expect(faultsOf(genuine, { head: headOf(genuine) })).toEqual([['resumed', 5, 5]]);
    const forged = resume(other.headMac(3, end.hash));
    expect(faultsOf(forged, { head: headOf(forged), seals: [seal, other] })).toEqual([['resumed', 5, 5]]);
  });
});

test('a log that is damaged from end to end is counted, and told in a bounded list', () => {
  const rows = chain(Array.from({ length: 3_000 }, (_, index) => buildText(index + 1)));
  const damaged = rows.filter(({ seq }) => seq % 3 !== 0).map((row) => ({ ...row, changedBy: 'mallory' }));
  const { faults, faultCount } = check(damaged, { head: headOf(rows) });
  expect(faults).toHaveLength(100);
  expect(faultCount).toBe(3_000);
});
