import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ANONYMOUS, type Caller } from '../../core/caller.ts';
import type { KeyRecord } from '../../core/key.ts';
import { sha256Hex } from '../../core/key-secret.ts';
import { buildRecord, NOW_MS } from '../../ledger/__fixtures__/calls.ts';
import { createWorld, MANUAL, type World } from '../../ledger/__fixtures__/ledger-world.ts';
import { type OpenStorage, openStorage } from '../../storage/open-storage.ts';
import { ACTOR, ADMIN, buildTestManagement, callerOf, newKey } from '../keys/__fixtures__/key-management.ts';
import { generateKey } from '../keys/generate-key.ts';
import { listDailySpend } from './list-daily-spend.ts';
import { listKeySpend } from './list-key-spend.ts';
import { listSpendLogs } from './list-spend-logs.ts';
import type { SpendManagement } from './spend-management.ts';
import {
  sumAllSpend,
  sumSpendByEndUser,
  sumSpendByKey,
  sumSpendByModel,
  sumSpendByTag,
  sumSpendByUser,
} from './sum-spend.ts';

const DAY_MS = 86_400_000;
const ALL = { limit: 100, offset: 0 };
const MASTER_HASH = sha256Hex('the master key');

let world: World;
let storage: OpenStorage;
let deps: SpendManagement;
let ada: { key: KeyRecord; secret: string };
let bob: { key: KeyRecord; secret: string };

beforeAll(async () => {
  world = await createWorld(async (options) => {
    storage = await openStorage(options);
    return storage;
  });
  const { ledger } = await world.open(MANUAL);
  const management = buildTestManagement(storage, { nowMs: NOW_MS });
  ada = await generateKey(management, ADMIN, ACTOR, newKey({ fields: { alias: 'ada', spendNanoUsd: 7 } }));
  bob = await generateKey(management, ADMIN, ACTOR, newKey({ fields: { alias: 'bob' } }));
  const settle = (id: string, nanoUsd: number, key: KeyRecord | null, over: object = {}) =>
    ledger.settle(
      buildRecord(id, nanoUsd, {
        keyId: key?.keyId ?? null,
        keyHash: key?.hash ?? MASTER_HASH,
        userId: null,
        tags: [],
        balances: [],
        ...over,
      }),
    );
  await settle('a1', 100, ada.key, { startedAtMs: NOW_MS - DAY_MS, tags: ['blue'] });
  await settle('a2', 200, ada.key, { keyHash: sha256Hex('an earlier secret of ada'), model: 'gpt-5' });
  await settle('b1', 400, bob.key, { startedAtMs: NOW_MS + 1, userId: 'bert', tags: ['blue', 'red'] });
  await settle('m1', 800, null, { startedAtMs: NOW_MS + 2 });
  deps = {
    spend: storage.spend,
    usage: storage.usage,
    keys: storage.keys,
    teams: storage.owners.teams,
    organizations: storage.owners.organizations,
    users: storage.owners.users,
    endUsers: storage.owners.endUsers,
    readSpend: management.readSpend,
    standingOf: management.standingOf,
    budgetWindow: management.budgetWindow,
    flushLedger: () => ledger.flush(),
    priceOf: () => null,
    proxyMaxBudgetNanoUsd: null,
    nowMs: () => NOW_MS,
  };
});
afterAll(() => world.close());

const viewer: Caller = { ...ADMIN, role: 'proxy_admin_viewer' };
const user = (userId: string | null): Caller => ({ ...ADMIN, role: 'internal_user', userId });
const nobody: Caller = ANONYMOUS;
const spendReader = (): Caller => callerOf({ ...ada.key, permissions: { get_spend_routes: true } });

async function idsOf(caller: Caller, filter: Parameters<typeof listSpendLogs>[2] = {}): Promise<string[]> {
  return (await listSpendLogs(deps, caller, filter, ALL)).rows.map(({ requestId }) => requestId);
}

describe('the calls', () => {
  test('are on the bill as soon as they are answered, newest first', async () => {
    expect(await idsOf(ADMIN)).toEqual(['m1', 'b1', 'a2', 'a1']);
  });

  test('of a key are found by any of its names, under all its secrets', async () => {
    for (const apiKey of [ada.secret, ada.key.hash, ada.key.keyId, 'ada']) {
      expect(await idsOf(ADMIN, { apiKey })).toEqual(['a2', 'a1']);
    }
  });

  test('of the master key are found by its hash', async () => {
    expect(await idsOf(ADMIN, { apiKey: MASTER_HASH })).toEqual(['m1']);
  });

  test('of a key that does not exist are none, not all', async () => {
    expect(await idsOf(ADMIN, { apiKey: 'no such alias' })).toEqual([]);
    expect(await idsOf(ADMIN, { apiKey: 'sk-no-such-secret-anywhere' })).toEqual([]);
  });

  test('are found by our id and by the upstream’s', async () => {
    expect(await idsOf(ADMIN, { requestId: 'a1' })).toEqual(['a1']);
    expect(await idsOf(ADMIN, { requestId: 'chatcmpl-a1' })).toEqual(['a1']);
  });

  test('come in pages that say how many there are', async () => {
    const page = await listSpendLogs(deps, ADMIN, {}, { limit: 2, offset: 1 });
    expect([page.rows.map(({ requestId }) => requestId), page.total]).toEqual([['b1', 'a2'], 4]);
  });

  test.each([
    [{ fromMs: NOW_MS, toMs: NOW_MS + 1 }, ['a2']],
    [{ tag: 'blue' }, ['b1', 'a1']],
    [{ model: 'gpt-5' }, ['a2']],
    [{ userId: 'bert' }, ['b1']],
    [{ minSpendNanoUsd: 200, maxSpendNanoUsd: 400 }, ['b1', 'a2']],
  ])('are filtered by %j', async (filter, ids) => {
    expect(await idsOf(ADMIN, filter)).toEqual(ids);
  });
});

describe('who may see which calls', () => {
  test('a viewer and a key with get_spend_routes: all', async () => {
    expect(await idsOf(viewer)).toHaveLength(4);
    expect(await idsOf(spendReader())).toHaveLength(4);
  });

  test('a key: its own, whatever it asks for', async () => {
    const caller = callerOf(ada.key);
    expect(await idsOf(caller)).toEqual(['a2', 'a1']);
    expect(await idsOf(caller, { apiKey: bob.secret })).toEqual([]);
    expect(await idsOf(caller, { apiKey: MASTER_HASH })).toEqual([]);
    expect(await idsOf(caller, { requestId: 'b1' })).toEqual([]);
    expect(await idsOf(caller, { userId: 'bert' })).toEqual([]);
  });

  test('a user: its own, and those of nobody else', async () => {
    expect(await idsOf(user('bert'))).toEqual(['b1']);
    expect(await idsOf(user('bert'), { userId: 'carl' })).toEqual([]);
    expect(await idsOf(user(null))).toEqual([]);
  });

  test('nobody in particular: none', async () => {
    expect(await idsOf(nobody)).toEqual([]);
    expect(await listDailySpend(deps, nobody, {})).toEqual([]);
  });
});

describe('spend per day', () => {
  test('adds up by day, key and model', async () => {
    const days = await listDailySpend(deps, ADMIN, {});
    expect(days.map(({ day, spendNanoUsd }) => [day, spendNanoUsd])).toEqual(
      expect.arrayContaining([
        ['2026-02-28', 100],
        ['2026-03-01', 200],
        ['2026-03-01', 400],
        ['2026-03-01', 800],
      ]),
    );
  });

  test('of a key holds its own days only, and of the master key its own', async () => {
    const own = await listDailySpend(deps, callerOf(ada.key), {});
    expect(own.map(({ spendNanoUsd }) => spendNanoUsd)).toEqual([100, 200]);
    expect(await listDailySpend(deps, callerOf(ada.key), { apiKey: bob.secret })).toEqual([]);
    expect(await listDailySpend(deps, ADMIN, { apiKey: MASTER_HASH })).toMatchObject([{ spendNanoUsd: 800 }]);
  });
});

describe('sums over everybody', () => {
  test('are right', async () => {
    expect(await sumAllSpend(deps, ADMIN)).toBe(1_500);
    expect(await sumSpendByModel(deps, ADMIN, 1)).toEqual([{ model: 'gpt-4o-mini', spendNanoUsd: 1_300 }]);
    expect(await sumSpendByUser(deps, ADMIN, 10)).toEqual([{ userId: 'bert', spendNanoUsd: 400 }]);
    expect(await sumSpendByUser(deps, ADMIN, 10, 'carl')).toEqual([]);
    expect(await sumSpendByKey(deps, ADMIN, 10)).toMatchObject([
      { keyAlias: 'bob', spendNanoUsd: 400 },
      { keyAlias: 'ada', spendNanoUsd: 300 },
    ]);
    expect(await sumSpendByTag(deps, ADMIN, {})).toEqual([
      { tag: 'blue', calls: 2, spendNanoUsd: 500, firstDay: '2026-02-28', lastDay: '2026-03-01' },
      { tag: 'red', calls: 1, spendNanoUsd: 400, firstDay: '2026-03-01', lastDay: '2026-03-01' },
    ]);
  });

  test('list keys with the spend that enforcement uses', async () => {
    const views = await listKeySpend(deps, ADMIN, 10);
    expect(views.map(({ key, spendNanoUsd }) => [key.alias, spendNanoUsd])).toEqual([
      ['ada', 7],
      ['bob', 0],
    ]);
  });

  test('list keys by the spend that is shown, where a budget window makes it less than the total', async () => {
    const readSpend = async (keys: readonly KeyRecord[]) => keys.map(({ alias }) => (alias === 'bob' ? 9 : 1));
    const views = await listKeySpend({ ...deps, readSpend }, ADMIN, 10);
    expect(views.map(({ key, spendNanoUsd }) => [key.alias, spendNanoUsd])).toEqual([
      ['bob', 9],
      ['ada', 1],
    ]);
  });

  test('are open to a key with get_spend_routes', async () => {
    expect(await sumAllSpend(deps, spendReader())).toBe(1_500);
  });

  test('are open to a user as far as they are its own', async () => {
    expect(await sumSpendByUser(deps, user('bert'), 10)).toEqual([{ userId: 'bert', spendNanoUsd: 400 }]);
    expect(await sumSpendByUser(deps, user('carl'), 10)).toEqual([]);
    await expect(sumSpendByUser(deps, user('carl'), 10, 'bert')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await listKeySpend(deps, user('bert'), 10)).toEqual([]);
    await expect(sumSpendByTag(deps, user('bert'), {})).rejects.toMatchObject({ code: 'forbidden' });
    await expect(sumSpendByUser(deps, user(null), 10)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('are refused to a plain key, before anything is read', async () => {
    const caller = callerOf(ada.key);
    await expect(sumAllSpend(deps, caller)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(sumSpendByKey(deps, caller, 1)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(sumSpendByModel(deps, caller, 1)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(sumSpendByUser(deps, caller, 1)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(sumSpendByEndUser(deps, caller, {}, 1)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(sumSpendByTag(deps, caller, {})).rejects.toMatchObject({ code: 'forbidden' });
    await expect(listKeySpend(deps, caller, 1)).rejects.toMatchObject({ code: 'forbidden' });
  });
});
