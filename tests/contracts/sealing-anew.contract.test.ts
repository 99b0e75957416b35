// Stored credentials are sealed anew under a new salt key while everything goes on, the same on both databases.

import { beforeAll, describe, expect, test } from 'vitest';
import { buildResealing } from '../../src/compose/build-resealing.ts';
import { createSealBoxes } from '../../src/compose/secret-box.ts';
import { buildAlertEvent } from '../../src/core/alert-event.ts';
import type { ChangeEvent } from '../../src/core/change-event.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { sealContext } from '../../src/core/sealed-texts.ts';
import { buildAudit, buildNewKey, buildTeam, buildUser, nextName } from '../../src/storage/__fixtures__/rows.ts';
import type { OpenStorage } from '../../src/storage/open-storage.ts';
import { readSealedPage } from '../../src/storage/sealed/read-sealed.ts';
import type { SealedStore } from '../../src/storage/sealed/sealed-store.ts';
import { onBothDatabases } from './storage-on-both.ts';

const OLD = { current: 'the salt before', earlier: [] };
const NEW = { current: 'the salt now', earlier: ['the salt before'] };
const old = createSealBoxes(OLD);
const now = createSealBoxes({ current: NEW.current, earlier: [] });
const stranger = createSealBoxes({ current: 'a salt that nobody has', earlier: [] });

const DAY = 86_400_000;
const destination = (token: string): JsonObject => ({
  logging: [{ callback_name: 'langfuse', callback_vars: { langfuse_public_key: 'pk', langfuse_secret_key: token } }],
});
const tokenIn = (metadata: JsonObject | undefined): string => {
  const logging = (metadata?.logging ?? []) as { callback_vars: { langfuse_secret_key: string } }[];
  return logging[0]?.callback_vars.langfuse_secret_key ?? '';
};
const sealOld = (text: string) => old['log destinations'].seal(text, 'langfuse_secret_key');
const openNow = (sealed: string) => now['log destinations'].open(sealed, 'langfuse_secret_key');

onBothDatabases('sealing anew', (bench) => {
  const logged: { level: 'info' | 'warn'; details: object; message: string }[] = [];
  const resealer = (over: { salts?: typeof NEW; processId?: string; sealed?: SealedStore } = {}) => {
    const log = (level: 'info' | 'warn') => (details: object, message: string) =>
      logged.push({ level, details, message });
    return buildResealing({
      storage: { sealed: over.sealed ?? bench.storage.sealed, freshness: bench.storage.freshness },
      salts: NEW,
      processId: 'proc-1',
      nowMs: () => bench.nowMs,
      logger: { info: log('info'), warn: log('warn') },
      ...(over.salts && { salts: over.salts }),
      ...(over.processId && { processId: over.processId }),
    });
  };
  const keyOf = (keyId: string) => bench.storage.keys.find({ kind: 'key_id', keyId }, { includeDeleted: true });
  const insertKey = async (token: string, over: object = {}) => {
    const rows = buildNewKey({ metadata: destination(token), ...over });
    await bench.storage.keys.insert(rows);
    return rows.key;
  };
  const audited = async () =>
    (await bench.storage.writes.selectFrom('audit_log').selectAll().orderBy('seq').execute()).filter(
      ({ object_id }) => object_id === 'salt_key',
    );
  const allSealed = async (storage: OpenStorage) => {
    const texts: string[] = [];
    for (const table of ['models', 'alerts', 'teams', 'keys', 'users'] as const) {
      const page = await readSealedPage(storage.reads, table, '', 10_000);
      texts.push(...page.rows.flatMap((row) => Object.values(row.texts)));
    }
    return texts.join('\n');
  };

  test('where nothing is sealed there is nothing to be done, and nothing in the audit log', async () => {
    const run = resealer({ salts: OLD });
    await run();
    await run();
    expect(await audited()).toEqual([]);
    expect(JSON.parse((await bench.storage.sealed.note()) ?? '')).toMatchObject({ at: null, resealed: 0 });
  });

  describe('after a rotation', () => {
    const events: ChangeEvent[] = [];
    const modelId = 'model-1';
    let keyIds: string[];
    let deletedId: string;
    let teamId: string;
    let before: string;

    beforeAll(async () => {
      keyIds = [];
      for (let number = 0; number < 60; number++) keyIds.push((await insertKey(sealOld(`token ${number}`))).keyId);
      await insertKey('os.environ/NOT_SEALED');
      deletedId = (await insertKey(sealOld('of a deleted key'), { deletedAtMs: bench.nowMs, deletedBy: 'admin' }))
        .keyId;
      const team = buildTeam({
        metadata: {
          callback_settings: { success_callback: ['langfuse'], callback_vars: { langfuse_secret_key: sealOld('t') } },
        },
      });
      teamId = team.id;
      const stamps = {
        createdAtMs: 1,
        createdBy: 'a',
        updatedAtMs: 1,
        updatedBy: 'a',
        deletedAtMs: null,
        deletedBy: null,
      };
      const apiKey = old.models.seal('sk-provider', sealContext(modelId, 'api_key'));
      await bench.storage.transact(async (unit) => {
        await unit.teams.insert(team);
        await unit.users.insert(buildUser({ metadata: destination(sealOld('of a user')) }));
        const params = { model: 'openai/x', api_key: apiKey, note: 'sealed: no credential' };
        await unit.models.insert({ id: modelId, modelName: 'm', params, info: {}, ...stamps });
      });
      await bench.storage.alerts.add([
        {
          id: 'invite/1',
          channel: 'email',
          recipient: 'a@b',
          event: buildAlertEvent({ event: 'key_created', group: 'key', message: 'API Key Created' }),
          sealedSecret: old.alerts.seal('sk-new-key', 'invite/1'),
          keepUntilMs: null,
        },
      ]);
      before = await allSealed(bench.storage);
      bench.storage.changes.subscribe((event) => events.push(event));
      const run = resealer();
      for (let times = 0; times < 3; times++) await run();
    });

    test('everything opens with the new key alone, and nothing that was sealed before is left', async () => {
      for (const [number, keyId] of keyIds.entries())
        expect(openNow(tokenIn((await keyOf(keyId))?.metadata))).toBe(`token ${number}`);
      expect(openNow(tokenIn((await keyOf(deletedId))?.metadata))).toBe('of a deleted key');
      const model = await bench.storage.owners.models.find([modelId]);
      expect(now.models.open(String(model?.params.api_key), sealContext(modelId, 'api_key'))).toBe('sk-provider');
      expect(model?.params.note).toBe('sealed: no credential');
      const [alert] = await bench.storage.alerts.claim(['email'], bench.nowMs + 1, 10);
      expect(now.alerts.open(alert?.sealedSecret ?? '', 'invite/1')).toBe('sk-new-key');
      const after = await allSealed(bench.storage);
      const sealed = before.match(/sealed:v\d:[\w:.-]+/g) ?? [];
      expect(sealed).toHaveLength(65);
      for (const text of sealed) expect(after.includes(text), text).toBe(false);
    });

    test('whoever has cached the rows is told, of models once for all', () => {
      const told = (kind: string, table?: string) =>
        events.filter((event) => event.kind === kind && (event.kind !== 'owner' || event.table === table));
      expect(new Set(told('key').map((event) => (event.kind === 'key' ? event.keyId : '')))).toEqual(
        new Set([...keyIds, deletedId]),
      );
      expect(told('owner', 'teams')).toMatchObject([{ id: teamId, usable: true }]);
      expect(told('owner', 'models')).toHaveLength(1);
      const dead = told('key').find((event) => event.kind === 'key' && event.keyId === deletedId);
      expect(dead).toMatchObject({ working: [] });
    });

    test('the audit log says that the key was replaced, and how much was sealed anew; the process’s log as well', async () => {
      const rows = await audited();
      expect(rows.map(({ action, caller_kind }) => [action, caller_kind])).toEqual([
        ['rotated', 'system'],
        ['updated', 'system'],
      ]);
      expect(JSON.parse(rows[1]?.after ?? '')).toMatchObject({ resealed: 65, unopenable: 0 });
      expect(logged).toMatchObject([{ level: 'info', details: { rows: 65 } }]);
      expect(JSON.stringify([rows, logged])).not.toContain('sealed:');
    });

    test('a second time there is nothing to be done, and a process with the key before keeps its hands off', async () => {
      events.length = 0;
      bench.nowMs += 20 * 60_000;
      const [texts, rows] = [await allSealed(bench.storage), await audited()];
      const run = resealer();
      for (let times = 0; times < 3; times++) await run();
      await resealer({ salts: { current: OLD.current, earlier: [NEW.current] }, processId: 'proc-2' })();
      expect(await allSealed(bench.storage)).toBe(texts);
      expect(await audited()).toEqual(rows);
      expect(events).toEqual([]);
    });
  });

  test('a row that somebody changes meanwhile stays as they wrote it', async () => {
    bench.nowMs += 2 * DAY;
    const key = await insertKey(sealOld('before'));
    const rival: SealedStore = {
      ...bench.storage.sealed,
      async take(step) {
        if (step.changes?.some(({ id }) => id === key.keyId)) {
          await bench.storage.keys.change({ kind: 'key_id', keyId: key.keyId }, (current) => ({
            next: { ...current, metadata: { ...destination(sealOld('after')), app: 'changed' } },
            audit: buildAudit({ id: nextName('audit'), objectId: key.keyId }),
          }));
        }
        return bench.storage.sealed.take(step);
      },
    };
    await resealer({ sealed: rival })();
    const written = (await keyOf(key.keyId))?.metadata;
    expect(written?.app).toBe('changed');
    expect(old['log destinations'].open(tokenIn(written), 'langfuse_secret_key')).toBe('after');
    // Soon everything is gone through again.
    bench.nowMs += 10 * 60_000;
    await resealer()();
    const later = (await keyOf(key.keyId))?.metadata;
    expect([openNow(tokenIn(later)), later?.app]).toEqual(['after', 'changed']);
  });

  test('what no key opens stays as it is, and is said once', async () => {
    bench.nowMs += 2 * DAY;
    const lost = stranger['log destinations'].seal('lost', 'langfuse_secret_key');
    const { keyId } = await insertKey(lost);
    logged.length = 0;
    const run = resealer();
    await run();
    bench.nowMs += 2 * DAY;
    await run();
    expect(tokenIn((await keyOf(keyId))?.metadata)).toBe(lost);
    expect(logged.filter(({ level }) => level === 'warn')).toMatchObject([{ details: { credentials: 1 } }]);
  });

  test('two processes do not do it at the same time, and where one ended the other goes on', async () => {
    bench.nowMs += 4 * DAY;
    const { keyId } = await insertKey(sealOld('shared'));
    const dies: SealedStore = {
      ...bench.storage.sealed,
      page: () => Promise.reject(new Error('the process ends here')),
    };
    await expect(resealer({ processId: 'proc-3', sealed: dies })()).rejects.toThrow('ends here');
    await resealer({ processId: 'proc-4' })();
    expect(openNow(tokenIn((await keyOf(keyId))?.metadata))).toBeNull();
    bench.nowMs += 2 * 60_000;
    await resealer({ processId: 'proc-4' })();
    expect(openNow(tokenIn((await keyOf(keyId))?.metadata))).toBe('shared');
  });
});
