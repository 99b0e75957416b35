// The audit log's chain as it is written: whole under load, part of the act itself, and not to be continued from a forged end.

import { expect, test } from 'vitest';
import { GENESIS_HASH, hashAuditRow } from '../../src/core/audit-chain.ts';
import { createAuditSeal } from '../../src/core/audit-seal.ts';
import { buildAudit, buildKey, buildNewKey, nextName } from '../../src/storage/__fixtures__/rows.ts';
import { fromAuditColumns } from '../../src/storage/audit/audit-rows.ts';
import type { OpenStorage } from '../../src/storage/open-storage.ts';
import { onBothDatabases } from './storage-on-both.ts';

const seal = createAuditSeal('the salt of this test');

async function readLog(storage: OpenStorage) {
  const rows = await storage.writes.selectFrom('audit_log').selectAll().orderBy('seq').execute();
  return rows.map(fromAuditColumns);
}

/** Every row follows from the one before it, and the head is the last. */
async function expectWhole(storage: OpenStorage): Promise<void> {
  const rows = await readLog(storage);
  let prevHash = GENESIS_HASH;
  for (const [index, row] of rows.entries()) {
    expect(row).toMatchObject({ seq: index + 1, prevHash, hash: hashAuditRow(index + 1, prevHash, row) });
    expect(seal.isRowMac(row.mac, row.hash)).toBe(true);
    prevHash = row.hash;
  }
  const mac = seal.headMac(rows.length, prevHash);
  const rowHash = rows.at(-1)?.hash ?? null;
  expect(await storage.audit.end()).toEqual({ seq: rows.length, hash: prevHash, mac, lastSeq: rows.length, rowHash });
}

onBothDatabases(
  'the audit chain',
  (bench) => {
    test('an empty log ends where it begins', () => expectWhole(bench.storage));

    test('50 changes at once by two processes leave a whole chain with a row each', async () => {
      const other = await bench.openAnother({ auditSeal: seal });
      const before = (await readLog(bench.storage)).length;
      const acts = Array.from({ length: 50 }, async (_, index) => {
        const storage = index % 2 === 0 ? bench.storage : other;
        const rows = buildNewKey();
        await storage.keys.insert(rows);
        await storage.keys.change({ kind: 'key_id', keyId: rows.key.keyId }, (next) => ({ next, audit: buildAudit() }));
        if (index % 5 === 0) await storage.audit.append(buildAudit({ action: 'denied' }));
      });
      await Promise.all(acts);
      expect((await readLog(bench.storage)).length - before).toBe(110);
      await expectWhole(bench.storage);
    });

    test('changes of the same keys in opposite orders never wait for each other in a circle', async () => {
      const keys = [buildNewKey(), buildNewKey(), buildNewKey()];
      for (const rows of keys) await bench.storage.keys.insert(rows);
      const addresses = keys.map(({ key }) => ({ kind: 'key_id' as const, keyId: key.keyId }));
      const acts = Array.from({ length: 30 }, (_, index) =>
        bench.storage.transact(async (unit) => {
          await unit.audit([buildAudit()]);
          const order = index % 2 === 0 ? addresses : [...addresses].reverse();
          for (const key of await unit.keys.findMany(order)) if (key !== undefined) await unit.keys.update(key);
        }),
      );
      expect(await Promise.all(acts)).toEqual(acts.map(() => ({ kind: 'done', value: undefined })));
      await expectWhole(bench.storage);
    });

    test('text that no database gives back as it was is stored as it is hashed', async () => {
      const text = 'a\0b \ud800 ünï 💡';
      await bench.storage.audit.append(
        buildAudit({ changedBy: text, objectName: text, userAgent: text, after: { text, [text]: 1 } }),
      );
      await expectWhole(bench.storage);
      const { rows } = await bench.storage.audit.list({ page: 1, pageSize: 1 });
      expect(rows[0]).toMatchObject({ changedBy: 'a\ufffdb \ufffd ünï 💡', after: { text } });
    });

    test('a log that cannot be written takes the act with it, and an act that fails leaves no row', async () => {
      const before = await readLog(bench.storage);
      const twice = buildAudit();
      await bench.storage.audit.append(twice);
      const rows = buildNewKey({}, { audit: twice });
      await expect(bench.storage.keys.insert(rows)).rejects.toThrow();
      expect(await bench.storage.keys.find({ kind: 'key_id', keyId: rows.key.keyId })).toBeUndefined();
      const failed = bench.storage.transact(async (unit) => {
        await unit.audit([buildAudit()]);
        await unit.keys.insert(buildKey());
        throw new Error('no');
      });
      await expect(failed).rejects.toThrow('no');
      expect((await readLog(bench.storage)).length).toBe(before.length + 1);
      await expectWhole(bench.storage);
    });

    test('whichever hash of a key is asked for, or its key_id, all of its rows are found', async () => {
      const rows = buildNewKey();
      const of = (hash: string, action: 'created' | 'rotated' | 'denied', keyId: string | null = rows.key.keyId) =>
        buildAudit({ objectId: hash, objectKeyId: keyId, action });
      await bench.storage.keys.insert({ ...rows, audit: of(rows.key.hash, 'created') });
      const hash = buildKey().hash;
      await bench.storage.keys.change({ kind: 'key_id', keyId: rows.key.keyId }, (current) => ({
        next: { ...current, hash },
        oldSecretRevokedAtMs: 0,
        audit: of(current.hash, 'rotated'),
      }));
      await bench.storage.audit.append(of(hash, 'denied', null));
      for (const objectId of [rows.key.hash, hash, rows.key.keyId]) {
        const found = await bench.storage.audit.list({ objectId, page: 1, pageSize: 10 });
        expect(found.rows.map(({ action }) => action)).toEqual(['denied', 'rotated', 'created']);
        expect(found.total).toBe(3);
      }
    });

    test('reading all goes through what matched at the beginning, page by page, oldest first', async () => {
      const objectId = nextName('read');
      for (let index = 0; index < 5; index++) await bench.storage.audit.append(buildAudit({ objectId }));
      const seqs: number[][] = [];
      for await (const page of bench.storage.audit.readAll({ objectId }, 2)) {
        if (seqs.length === 0) await bench.storage.audit.append(buildAudit({ objectId }));
        seqs.push(page.map(({ seq }) => seq));
      }
      expect(seqs.map(({ length }) => length)).toEqual([2, 2, 1]);
      expect(seqs.flat()).toEqual([...seqs.flat()].sort((a, b) => a - b));
    });

    test('what is not unique to the log is sorted and paged the same each time', async () => {
      const changedBy = nextName('sorter');
      for (const action of ['updated', 'created', 'updated', 'deleted'] as const) {
        await bench.storage.audit.append(buildAudit({ changedBy, action }));
      }
      const page = (number: number, sortOrder: 'asc' | 'desc') =>
        bench.storage.audit.list({ changedBy, page: number, pageSize: 3, sortBy: 'action', sortOrder });
      const actions = async (order: 'asc' | 'desc') =>
        [...(await page(1, order)).rows, ...(await page(2, order)).rows].map(({ action }) => action);
      expect(await actions('asc')).toEqual(['created', 'deleted', 'updated', 'updated']);
      expect(await actions('desc')).toEqual(['updated', 'updated', 'deleted', 'created']);
    });

    // From here on the log is tampered with.
    test.each([
      ['an earlier head', { seq: 3 }],
      ['a head without a seal', { mac: null }],
    ])('%s is not gone on from as if nothing had happened', async (_name, forged) => {
      const fresh = await bench.openAnother({ auditSeal: seal });
      await bench.storage.writes.updateTable('audit_head').set(forged).execute();
      const end = (await readLog(bench.storage)).length;
      await fresh.audit.append(buildAudit());
      const rows = (await readLog(bench.storage)).slice(end);
      expect(rows.map(({ action }) => action)).toEqual(['resumed', 'created']);
      expect(rows[0]).toMatchObject({ seq: end + 1, objectId: 'head', before: expect.stringContaining('"seq"') });
      await expectWhole(bench.storage);
    });

    test('a tail that is cut with its head is noticed by the process that wrote it', async () => {
      await bench.storage.audit.append(buildAudit());
      const earlier = await bench.storage.writes.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow();
      await bench.storage.audit.append(buildAudit());
      await bench.storage.writes.deleteFrom('audit_log').where('seq', '>', earlier.seq).execute();
      await bench.storage.writes.updateTable('audit_head').set(earlier).execute();
      await bench.storage.audit.append(buildAudit());
      const rows = (await readLog(bench.storage)).slice(earlier.seq);
      expect(rows.map(({ action }) => action)).toEqual(['resumed', 'created']);
      expect(rows[0]?.after).toContain(`had been at row ${earlier.seq + 1}`);
    });

    test.each(['head', 'rows beyond the head'])('without %s the log still takes rows', async (missing) => {
      if (missing === 'head') await bench.storage.writes.deleteFrom('audit_head').execute();
      else {
        const seq = (await bench.storage.audit.end())?.seq ?? 0;
        const hash = (await readLog(bench.storage)).find((row) => row.seq === seq - 2)?.hash ?? '';
        const head = { seq: seq - 2, hash, mac: seal.headMac(seq - 2, hash) };
        await bench.storage.writes.updateTable('audit_head').set(head).execute();
      }
      const end = (await readLog(bench.storage)).length;
      await bench.storage.audit.append(buildAudit());
      const rows = (await readLog(bench.storage)).slice(end);
      expect(rows.map(({ seq, action }) => [seq, action])).toEqual([
        [end + 1, 'resumed'],
        [end + 2, 'created'],
      ]);
    });
  },
  { auditSeal: seal },
);
