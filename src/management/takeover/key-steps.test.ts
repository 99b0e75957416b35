import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemActor } from '../../core/audit.ts';
import type { JsonObject } from '../../core/json.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import { createKnownRows } from '../../storage/takeover/known-rows.ts';
import { keyStep } from './key-steps.ts';
import { takeBatch } from './take-table.ts';
import type { TakeoverTarget } from './takeover.ts';
import { emptyReport } from './takeover-report.ts';

const NOW = Date.UTC(2026, 4, 31, 12);
const HOUR = 3_600_000;
const clock = { nowMs: NOW };
let storage: OpenStorage;
let ids = 0;
beforeAll(async () => {
  storage = await openStorage({ url: ':memory:', nowMs: () => clock.nowMs, poolSize: 1 });
});
afterAll(() => storage.close());

const secret = (name: string, endsInMs: number): JsonObject => ({
  token: sha256Hex(name),
  revoke_at: new Date(NOW + endsInMs).toISOString().replace('Z', ''),
});

async function take(name: string, values: JsonObject) {
  const deps: TakeoverTarget = {
    known: createKnownRows(storage.reads),
    transact: storage.transact,
    models: undefined as never,
    sealSecret: (text) => text,
    nowMs: () => clock.nowMs,
    newId: (prefix) => `${prefix}${++ids}`,
    spendCounter: () => '',
    windowEndMs: () => NOW,
    proxyWindows: { budgetDuration: null, modelMaxBudget: {} },
  };
  const report = emptyReport('LiteLLM_VerificationToken');
  const row = { token: sha256Hex(name), ...values };
  await takeBatch(deps, keyStep(deps, systemActor('tests', 'import_1')), [{ values: row, place: 1 }], report);
  const { taken, unchanged, conflicts, findings } = report;
  return { counts: { taken, unchanged, conflicts }, noted: findings.map(({ kind, field }) => `${kind} ${field}`) };
}

const aliasFor = async (name: string) => (await storage.keys.find({ kind: 'hash', hash: sha256Hex(name) }))?.alias;

test('the newest secret in its grace period opens the key until it ends; others are told of', async () => {
  const previous_secrets = [secret('ended', -1), secret('newest', HOUR), secret('older', 2 * HOUR)];
  const row = { key_alias: 'rotated', previous_secrets };
  expect(await take('now', row)).toEqual({
    counts: { taken: 1, unchanged: 0, conflicts: 0 },
    noted: ['field previous_secrets'],
  });
  expect(await Promise.all(['now', 'newest', 'older', 'ended'].map(aliasFor))).toEqual([
    'rotated',
    'rotated',
    undefined,
    undefined,
  ]);
  expect((await take('now', row)).counts).toEqual({ taken: 0, unchanged: 1, conflicts: 0 });
  clock.nowMs = NOW + HOUR;
  expect(await aliasFor('newest')).toBe(undefined);
  expect(await take('now', row)).toEqual({ counts: { taken: 0, unchanged: 1, conflicts: 0 }, noted: [] });
  clock.nowMs = NOW;
});

test('the audit row of the key tells of that secret', async () => {
  await take('audited', { key_alias: 'audited', previous_secrets: [secret('before', HOUR)] });
  const { rows } = await storage.audit.list({ page: 1, pageSize: 1 });
  expect(rows[0]?.after).toMatchObject({
    key_alias: 'audited',
    previous_token: sha256Hex('before'),
    previous_token_revoked_at: new Date(NOW + HOUR).toISOString(),
  });
});

test('a secret that opens another key here already stays with that one', async () => {
  await take('first', { key_alias: 'first' });
  const taken = await take('second', { key_alias: 'second', previous_secrets: [secret('first', HOUR)] });
  expect(taken).toEqual({ counts: { taken: 1, unchanged: 0, conflicts: 0 }, noted: ['field previous_secrets'] });
  expect([await aliasFor('first'), await aliasFor('second')]).toEqual(['first', 'second']);
});

test('what is no hash, or never ends, opens nothing', async () => {
  const previous_secrets = [
    { token: 'sk-never-hashed', revoke_at: '2099-01-01T00:00:00' },
    { token: sha256Hex('forever'), revoke_at: 'infinity' },
  ];
  expect((await take('sound', { previous_secrets })).noted).toEqual([
    'field previous_secrets',
    'field previous_secrets',
  ]);
  expect(await aliasFor('forever')).toBe(undefined);
});

test('the type of a key is kept as the gateway keeps it, and an unknown one is told of', async () => {
  expect((await take('typed', { key_type: 'read_only' })).noted).toEqual([]);
  expect((await storage.keys.find({ kind: 'hash', hash: sha256Hex('typed') }))?.extra).toEqual({
    key_type: 'read_only',
  });
  expect((await take('untyped', { key_type: 'superuser' })).noted).toEqual(['field key_type']);
});
