import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listSegments } from '../append-log/segment-files.ts';
import { createSegmentWriter } from '../append-log/segment-writer.ts';
import { buildIntent, buildRecord } from './__fixtures__/calls.ts';
import { createJournal } from './journal.ts';
import { parseJournalLine } from './journal-line.ts';
import { type JournalledBill, rowTextOf } from './journalled-bill.ts';
import { readBills } from './read-bills.ts';
import { scanLeftovers } from './scan-leftovers.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'latchkey-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What it is at this moment: its bytes are the journal's, which may write over them. */
function toPlain(bill: JournalledBill) {
  const { record, start, end } = bill;
  return { record, text: rowTextOf(bill), start, end };
}

function openJournal({ segmentBytes = 1 << 20, fsync = false } = {}) {
  const real = createSegmentWriter({ directory, leftovers: [], base: 0, segmentBytes, fsync });
  const disk = { full: false, syncFails: false, writes: 0 };
  const bills: ReturnType<typeof toPlain>[] = [];
  const reports: (string | undefined)[] = [];
  const journal = createJournal({
    writer: {
      ...real,
      write(buffer, bytes) {
        disk.writes += 1;
        if (disk.full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        return real.write(buffer, bytes);
      },
      sync: (done) => (disk.syncFails ? setImmediate(done, new Error('EIO')) : real.sync(done)),
    },
    base: 0,
    fsync,
    onBills: (added) => bills.push(...added.map(toPlain)),
    onWriting: (failure) => reports.push(failure?.message),
  });
  return {
    journal,
    disk,
    bills,
    reports,
    open: (id: string) => journal.open(buildIntent(id)),
    settle: (id: string) => journal.settle(buildRecord(id)),
  };
}

function readJournal(): string[] {
  return listSegments(directory).flatMap(({ path }) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const parsed = parseJournalLine(line);
        return parsed?.kind === 'open' ? `open ${parsed.intent.requestId}` : `settle ${parsed?.record.requestId}`;
      }),
  );
}

function findUnsettled(): string[] {
  const listeners = { onUnshipped: () => {}, onUnreadable: () => {} };
  return scanLeftovers(listSegments(directory), 0, listeners).unsettled.map(({ requestId }) => requestId);
}

describe.each([false, true])('with fsync %s', (fsync) => {
  test('a record is in the file when its promise resolves, and all of one turn share a write', async () => {
    const { open, settle, disk } = openJournal({ fsync });
    await Promise.all([open('a'), open('b'), open('c')]);
    expect(readJournal()).toEqual(['open a', 'open b', 'open c']);
    await Promise.all([settle('b'), open('d')]);
    expect(readJournal().slice(3)).toEqual(['settle b', 'open d']);
    expect(disk.writes).toBe(2);
  });

  test('bills are announced in order, with the positions where they can be read again', async () => {
    const { open, settle, bills, journal } = openJournal({ fsync, segmentBytes: 3_000 });
    for (const id of ['a', 'b', 'ü', 'd']) {
      await open(id);
      await settle(id);
    }
    const end = journal.acknowledgedEnd();
    const again = readBills(journal.segments(), { from: 0, to: end }, 100, 1 << 20);
    expect(again.bills.map(toPlain)).toEqual(bills);
    expect(again.next).toBe(end);
    const third = bills[2]?.start ?? 0;
    const one = readBills(journal.segments(), { from: third, to: end }, 1, 1 << 20);
    expect(one.bills.map(toPlain)).toEqual([bills[2]]);
    expect(journal.segments().length).toBeGreaterThan(1);
  });
});

describe('a disk that takes no more', () => {
  test('refuses the calls of that turn with 503 and lets the next ones through', async () => {
    const { open, settle, disk, bills, reports } = openJournal();
    await open('a');
    disk.full = true;
    const refused = await Promise.allSettled([open('b'), settle('a')]);
    for (const outcome of refused) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'database_unavailable', status: 503 } });
    }
    await expect(open('c')).rejects.toThrow('cannot record calls');
    expect(bills).toEqual([]);
    disk.full = false;
    await settle('a');
    await open('d');
    expect(readJournal()).toEqual(['open a', 'settle a', 'open d']);
    expect(reports).toEqual(['ENOSPC: no space left on device', undefined]);
  });

  test('refuses what cannot be put on disk, but forgets no bill that may be in the file', async () => {
    const { open, settle, disk, bills } = openJournal({ fsync: true });
    await open('a');
    disk.syncFails = true;
    await expect(settle('a')).rejects.toMatchObject({ code: 'database_unavailable' });
    expect(bills.map(({ record }) => record.requestId)).toEqual(['a']);
  });
});

describe('segments', () => {
  test('one that is shipped goes; calls that are still open in it move to the end', async () => {
    const { open, settle, journal } = openJournal({ segmentBytes: 2_000 });
    await open('long');
    for (let call = 0; call < 10; call += 1) {
      await open(`c${call}`);
      await settle(`c${call}`);
    }
    const sealed = listSegments(directory).length - 1;
    expect(sealed).toBeGreaterThan(3);
    await journal.dropThrough(journal.acknowledgedEnd());
    expect(listSegments(directory).length).toBeLessThanOrEqual(2);
    expect(findUnsettled()).toEqual(['long']);
    await settle('long');
    expect(findUnsettled()).toEqual([]);
    expect(journal.openCalls()).toBe(0);
  });

  test('a call that settles while it moves is not open afterwards', async () => {
    const { open, settle, journal } = openJournal({ segmentBytes: 2_000 });
    await open('long');
    for (let call = 0; call < 4; call += 1) await settle(`c${call}`);
    const dropped = journal.dropThrough(journal.acknowledgedEnd());
    // Its new line waits to be written by now.
    for (let tick = 0; tick < 10; tick += 1) await null;
    const settled = settle('long');
    await Promise.all([dropped, settled]);
    expect(findUnsettled()).toEqual([]);
    expect(journal.openCalls()).toBe(0);
  });

  test('with a full disk, those without open calls can still go', async () => {
    const { open, settle, journal, disk } = openJournal({ segmentBytes: 2_000 });
    await open('long');
    for (let call = 0; call < 10; call += 1) await settle(`c${call}`);
    disk.full = true;
    await journal.dropThrough(journal.acknowledgedEnd());
    expect(readdirSync(directory).length).toBe(2);
    expect(findUnsettled()).toEqual(['long']);
  });
});

test('what this turn has handed in can be written at once, and is not written twice', async () => {
  const { open, settle, journal, disk } = openJournal();
  const both = Promise.all([open('a'), settle('b')]);
  journal.writeOut();
  expect(readJournal()).toEqual(['open a', 'settle b']);
  await both;
  journal.writeOut();
  await new Promise(setImmediate);
  expect(disk.writes).toBe(1);
});

test('a record larger than the buffer, with characters of every length, is written whole', async () => {
  const { journal } = openJournal();
  const record = buildRecord('big', 1, { messages: 'aé✓🎉'.repeat(60_000) });
  await journal.settle(record);
  const { bills } = readBills(journal.segments(), { from: 0, to: journal.acknowledgedEnd() }, 10, 1);
  expect(bills[0]?.record).toEqual(record);
});
