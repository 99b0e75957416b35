// `verifyAudit` on real databases: whatever is done to the log with SQL, or to SQLite's file, is found where it was done.

import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAuditSeal } from '../../src/core/audit-seal.ts';
import { buildAudit, buildNewKey } from '../../src/storage/__fixtures__/rows.ts';
import { type AuditReport, verifyAudit } from '../../src/storage/audit/verify-audit.ts';
import { openStorage } from '../../src/storage/open-storage.ts';
import { onBothDatabases } from './storage-on-both.ts';

const seal = createAuditSeal('the salt of this test');
const verify = (url: string) => verifyAudit(url, { seals: [seal], checkpoints: [] }) as Promise<AuditReport>;
const faultsOf = ({ faults }: AuditReport) => faults.map(({ kind, seq, lastSeq }) => [kind, seq, lastSeq]);

onBothDatabases(
  'verification',
  (bench) => {
    type Row = Record<string, unknown> & { seq: number };
    let rows: Row[] = [];
    let head: Record<string, unknown> = {};

    beforeAll(async () => {
      for (let number = 1; number <= 9; number++) {
        const text = { objectKeyId: 'k', objectName: 'n', callerUserId: 'u', callerKeyId: 'c', callerSessionId: 's' };
        await bench.storage.audit.append(
          buildAudit({ ...text, sourceIp: '::1', userAgent: 'a', route: 'r', before: { number }, after: { ü: '💡' } }),
        );
      }
      rows = (await bench.storage.writes.selectFrom('audit_log').selectAll().orderBy('seq').execute()) as never;
      head = await bench.storage.writes.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
    });
    afterEach(async () => {
      await bench.storage.writes.deleteFrom('audit_log').execute();
      await bench.storage.writes.deleteFrom('audit_head').execute();
      await bench.storage.writes
        .insertInto('audit_log')
        .values(rows as never)
        .execute();
      await bench.storage.writes
        .insertInto('audit_head')
        .values(head as never)
        .execute();
    });
    const update = (seq: number, fields: object) =>
      bench.storage.writes.updateTable('audit_log').set(fields).where('seq', '=', seq).execute();

    test('an untouched log has no fault, and its end is told', async () => {
      expect(await verify(bench.url)).toEqual({
        head: { seq: 9, hash: rows.at(-1)?.hash },
        rows: 9,
        faults: [],
        faultCount: 0,
      });
    });

    test('a changed byte in any column of any row is found in that row', async () => {
      for (const column of Object.keys(rows[0] ?? {})) {
        for (const seq of [1, 5, 9]) {
          const value = rows[seq - 1]?.[column];
          const flipped = typeof value === 'number' ? value + 1_000 : `${value}`.replace(/.$/u, '~');
          await update(seq, { [column]: flipped });
          const { faults } = await verify(bench.url);
          expect([column, seq, faults.map((fault) => fault.seq)]).toEqual([column, seq, [seq]]);
          if (column === 'seq') await update(flipped as number, { seq });
          else await update(seq, { [column]: value });
        }
      }
    });

    test.each([
      [[5], [['missing_rows', 5, 5]]],
      [[1, 2], [['missing_rows', 1, 2]]],
      [[8, 9], [['cut_tail', 8, 9]]],
    ])('rows %j that were deleted are named', async (seqs, faults) => {
      await bench.storage.writes.deleteFrom('audit_log').where('seq', 'in', seqs).execute();
      expect(faultsOf(await verify(bench.url))).toEqual(faults);
    });

    test('two rows that were swapped are named', async () => {
      await update(3, { seq: 100 });
      await update(7, { seq: 3 });
      await update(100, { seq: 7 });
      expect(faultsOf(await verify(bench.url))).toEqual([['swapped_rows', 3, 7]]);
    });

    test('a row that was put in is named, wherever', async () => {
      const forged = { ...rows[4], id: 'forged', seq: 10 };
      await bench.storage.writes
        .insertInto('audit_log')
        .values(forged as never)
        .execute();
      expect(faultsOf(await verify(bench.url))).toEqual([['inserted_row', 10, 10]]);
      for (let seq = 10; seq >= 5; seq--) await update(seq, { seq: seq + 1 });
      await bench.storage.writes
        .insertInto('audit_log')
        .values({ ...forged, id: 'other', seq: 5 } as never)
        .execute();
      await bench.storage.writes.deleteFrom('audit_log').where('seq', '=', 11).execute();
      expect((await verify(bench.url)).faults.map(({ seq }) => seq)).toContain(5);
    });

    test('a log whose end was cut off with its head is told by the seal', async () => {
      await bench.storage.writes.deleteFrom('audit_log').where('seq', '>', 6).execute();
      await bench.storage.writes
        .updateTable('audit_head')
        .set({ seq: 6, hash: String(rows[5]?.hash) })
        .execute();
      expect(faultsOf(await verify(bench.url))).toEqual([['wrong_head', 6, 6]]);
      await bench.storage.writes.deleteFrom('audit_head').execute();
      expect(faultsOf(await verify(bench.url))).toEqual([['wrong_head', 6, 6]]);
    });

    test('while a gateway writes, it sees one moment and neither waits nor makes others wait', async () => {
      const writing = Array.from({ length: 40 }, () => bench.storage.keys.insert(buildNewKey()));
      const reports = await Promise.all(Array.from({ length: 4 }, () => verify(bench.url)));
      await Promise.all(writing);
      for (const report of reports) expect(report).toMatchObject({ faults: [], rows: report.head?.seq });
      expect(await verify(bench.url)).toMatchObject({ faults: [], rows: 49 });
    });

    test('it writes nothing', async () => {
      const before = await sql`select * from audit_head`.execute(bench.storage.writes);
      await verify(bench.url);
      expect(await sql`select * from audit_head`.execute(bench.storage.writes)).toEqual(before);
    });
  },
  { auditSeal: seal },
);

describe('SQLite’s own file', () => {
  test('with a flipped byte in a row, or in a page, is not taken for whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-verify-'));
    const file = join(folder, 'log.sqlite');
    const storage = await openStorage({ url: file, nowMs: () => 1, poolSize: 1, auditSeal: seal });
    for (let number = 0; number < 300; number++) {
      await storage.audit.append(
        buildAudit({ userAgent: `the agent number ${number}`, after: { text: 'x'.repeat(300) } }),
      );
    }
    await storage.close();
    expect(await verify(file)).toMatchObject({ rows: 300, faultCount: 0 });

    const bytes = readFileSync(file);
    const copy = join(folder, 'copy.sqlite');
    const at = bytes.indexOf('the agent number 123');
    writeFileSync(copy, bytes);
    const flipped = readFileSync(copy);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    writeFileSync(copy, flipped);
    expect(faultsOf(await verify(copy))).toEqual([['changed_row', 124, 124]]);

    // Anywhere else in the file: found, or without meaning for the log (free space, other tables), but never a crash.
    copyFileSync(file, copy);
    for (let offset = 100; offset < bytes.length; offset += 16_411) {
      const damaged = Buffer.from(bytes);
      damaged[offset] = (damaged[offset] ?? 0) ^ 0x55;
      writeFileSync(copy, damaged);
      await verify(copy).then(
        (report) => expect(Array.isArray(report?.faults ?? [])).toBe(true),
        (error) => expect(String(error)).toMatch(/database/i),
      );
    }
    rmSync(folder, { recursive: true, force: true });
  });
});
