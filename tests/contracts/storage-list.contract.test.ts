// The key list: each filter, each order, pages that join up, and totals that agree with them.

import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { counterId } from '../../src/core/counter-id.ts';
import type { KeyRecord } from '../../src/core/key.ts';
import { NOTHING, type Scope } from '../../src/core/scope.ts';
import {
  buildAdjustment,
  buildAudit,
  buildListQuery,
  buildNewKey,
  buildTeam,
  NOW_MS,
} from '../../src/storage/__fixtures__/rows.ts';
import { findKeyIds, type SearchBounds } from '../../src/storage/keys/find-key-ids.ts';
import type { KeyListQuery, KeySortField } from '../../src/storage/storage.ts';
import { onBothDatabases } from './storage-on-both.ts';

const DAY_MS = 86_400_000;

/** name → fields; the name is the alias unless the fields say otherwise. */
const KEYS: Record<string, Partial<KeyRecord>> = {
  plain: {
    extra: { access_group_ids: ['g1', 'g2'], policies: ['g3'] },
    userId: 'ann',
    maxBudgetNanoUsd: 7,
    lastActiveAtMs: NOW_MS - 3,
    metadata: { tags: ['y'] },
  },
  blocked: {
    extra: { access_group_ids: ['g2'], router_settings: { project_id: 'p"1' } },
    userId: 'ann',
    teamId: 'red',
    createdBy: 'cleo',
    blocked: true,
    maxBudgetNanoUsd: 0,
  },
  expired: {
    extra: { project_id: 'odd', policies: ['\0', '\ud800'] },
    teamId: 'red',
    organizationId: 'org',
    createdBy: 'cleo',
    expiresAtMs: NOW_MS,
    metadata: { tags: ['x', 'y'] },
  },
  expiring: { createdBy: 'bob', expiresAtMs: NOW_MS + DAY_MS, metadata: { tags: ['y'] }, lastActiveAtMs: NOW_MS },
  'Big_50%': { userId: 'Ünal', organizationId: 'alone', createdBy: 'cleo', blocked: false, mask: null },
  nameless: { alias: null, userId: 'ann', teamId: 'blue', maxBudgetNanoUsd: 3, extra: { project_id: 'p"1' } },
  deleted: { userId: 'ann', metadata: { tags: ['y'] } },
};
const SPEND: Record<string, number> = { plain: 50, blocked: -5, expired: 900, nameless: 20 };
const LIVE = Object.keys(KEYS).filter((name) => name !== 'deleted');

onBothDatabases('the key list', (bench) => {
  const nameOf = new Map<string, string>();
  const stored: Record<string, KeyRecord> = {};

  beforeAll(async () => {
    for (const [name, fields] of Object.entries(KEYS)) {
      const rows = buildNewKey({ alias: name, ...fields });
      const counter = counterId({ kind: 'key', id: rows.key.keyId }, 'spend');
      const adjustments = SPEND[name] === undefined ? [] : [buildAdjustment(counter, SPEND[name])];
      await bench.storage.keys.insert({ ...rows, adjustments });
      stored[name] = rows.key;
      nameOf.set(rows.key.keyId, name);
    }
    await bench.storage.transact(async ({ teams }) => {
      await teams.insert(buildTeam({ id: 'red', organizationId: 'holding' }));
      await teams.insert(buildTeam({ id: 'blue', organizationId: 'other' }));
    });
    const keyId = stored.deleted?.keyId ?? '';
    await bench.storage.keys.remove([{ kind: 'key_id', keyId }], { atMs: NOW_MS, by: 'x' }, () => buildAudit());
  });

  async function list(query: Partial<KeyListQuery>) {
    const { keys, total } = await bench.storage.keys.list(buildListQuery(query));
    return { names: keys.map((key) => nameOf.get(key.keyId)), total };
  }

  test('live keys are counted by team', async () => {
    const counts = await bench.storage.keys.countByTeam(['red', 'blue', 'none']);
    expect([...counts].sort()).toEqual([
      ['blue', 1],
      ['red', 2],
    ]);
    expect((await bench.storage.keys.countByTeam([])).size).toBe(0);
  });

  test('without a filter all live keys are listed, whole', async () => {
    const { keys, total } = await bench.storage.keys.list(buildListQuery());
    expect(total).toBe(LIVE.length);
    expect(keys).toEqual(LIVE.map((name) => stored[name]));
  });

  const filters: [Partial<KeyListQuery>, string[]][] = [
    [{ userId: 'ann' }, ['plain', 'blocked', 'nameless']],
    [{ teamId: 'red' }, ['blocked', 'expired']],
    [{ userId: 'ann', teamId: 'red' }, ['blocked']],
    [{ organizationId: 'org' }, ['expired']],
    [{ createdBy: 'bob' }, ['expiring']],
    [{ alias: 'plain' }, ['plain']],
    [{ alias: 'pla' }, []],
    [{ alias: 'deleted' }, []],
    [{ status: 'active' }, ['plain', 'expiring', 'Big_50%', 'nameless']],
    [{ status: 'blocked' }, ['blocked']],
    [{ status: 'expired' }, ['expired']],
    [{ status: 'deleted' }, ['deleted']],
    [{ status: 'deleted', tag: 'y', search: 'DELET' }, ['deleted']],
    [{ tag: 'y' }, ['plain', 'expired', 'expiring']],
    [{ tag: 'x', teamId: 'red' }, ['expired']],
    [{ tag: 'z' }, []],
    [{ projectId: 'p"1' }, ['nameless']],
    [{ projectId: 'p"1', userId: 'somebody' }, []],
    [{ projectId: 'p' }, []],
    [{ projectId: 'odd' }, ['expired']],
    [{ accessGroupId: 'g2' }, ['plain', 'blocked']],
    [{ accessGroupId: 'g1' }, ['plain']],
    [{ accessGroupId: 'g3' }, []],
    [{ accessGroupId: 'g' }, []],
    [{ expiresBeforeMs: NOW_MS + 1 }, ['expired']],
    [{ expiresAfterMs: NOW_MS }, ['expiring']],
    [{ minSpendNanoUsd: 20 }, ['plain', 'expired', 'nameless']],
    [{ maxSpendNanoUsd: -1 }, ['blocked']],
    [{ minSpendNanoUsd: 0, maxSpendNanoUsd: 20, userId: 'ann' }, ['nameless']],
    [{ minSpendNanoUsd: 20, maxSpendNanoUsd: 50, sortBy: 'spend', sortOrder: 'desc' }, ['plain', 'nameless']],
    [{ lastActiveBeforeMs: NOW_MS }, ['plain']],
    [{ lastActiveAfterMs: NOW_MS - 1 }, ['expiring']],
    [{ neverUsed: false }, ['plain', 'expiring']],
    [{ neverUsed: true, userId: 'ann' }, ['blocked', 'nameless']],
    [{ userId: 'bob', alsoCreatedByUser: true }, ['expiring']],
    [{ userId: 'bob', alsoOfTeamIds: ['red', 'none'] }, ['blocked', 'expired']],
    [{ userId: 'bob', alsoCreatedByUser: true, alsoOfTeamIds: ['blue'], neverUsed: true }, ['nameless']],
    [{ search: 'EXPIR' }, ['expired', 'expiring']],
    [{ search: 'ünAL' }, ['Big_50%']],
    [{ search: '50%' }, ['Big_50%']],
    [{ search: '_5' }, ['Big_50%']],
    [{ search: '%' }, ['Big_50%']],
    [{ search: 'g_5' }, ['Big_50%']],
    [{ search: 'ann', status: 'blocked' }, ['blocked']],
    [{ search: '"' }, []],
    [{ unexpired: true }, ['plain', 'blocked', 'expiring', 'Big_50%', 'nameless']],
    [{ unexpired: true, status: 'blocked' }, ['blocked']],
    [{ userIdPart: 'NN' }, ['plain', 'blocked', 'nameless']],
    [{ userIdPart: 'ün', search: 'ün' }, ['Big_50%']],
    [{ userIdPart: 'sk' }, []],
    [{ userIdPart: 'key_' }, []],
    [{ search: 'a"b' }, []],
    [{ search: '\\' }, []],
    [{ search: 'sk-...', userId: 'ann' }, ['plain', 'blocked', 'nameless']],
    [{ search: '' }, LIVE],
  ];
  test.each(filters)('%j', async (query, names) => {
    expect(await list(query)).toEqual({ names, total: names.length });
    // One a page, the database is made to go about it in another way.
    const pages = await Promise.all(names.map((_, index) => list({ ...query, page: index + 1, size: 1 })));
    expect(pages.flatMap((page) => page.names)).toEqual(names);
  });

  /** As often as there are orders, so that each is met by every one of them. */
  const combined = Array.from({ length: 7 }).flatMap(() =>
    (
      [
        { status: 'active', minSpendNanoUsd: 0 },
        { minSpendNanoUsd: -5 },
        { neverUsed: true },
        { status: 'active', expiresBeforeMs: NOW_MS + 2 * DAY_MS },
        { status: 'blocked', neverUsed: true, minSpendNanoUsd: -9 },
        { status: 'expired', expiresAfterMs: NOW_MS - 1 },
        { neverUsed: false, lastActiveBeforeMs: NOW_MS },
        { tag: 'y', neverUsed: false, minSpendNanoUsd: 0 },
      ] as const
    ).map((filter): [Partial<KeyListQuery>] => [filter]),
  );
  const ways: [string, SearchBounds][] = [
    ['sorts what matches', { few: 100, near: 0, gathered: 0, linked: 100, many: 100, ahead: 9 }],
    ['looks at the first keys of the list', { few: 0, near: 100, gathered: 0, linked: 0, many: 0, ahead: 0 }],
    ['collects what has spent so much', { few: 0, near: 0, gathered: 100, linked: 0, many: 0, ahead: 0 }],
    ['looks the facts of keys up', { few: 0, near: 0, gathered: 0, linked: 100, many: 100, ahead: 0 }],
    ['reads the facts of all keys', { few: 0, near: 0, gathered: 0, linked: 0, many: 0, ahead: 0 }],
    ['follows the list', { few: 0, near: 0, gathered: 0, linked: 0, many: 0, ahead: 9 }],
  ];
  test.each(ways)(
    'a page is the same when the database %s',
    async (_, bounds) => {
      const sorts = ['created_at', 'token', 'spend', 'max_budget', 'expires', 'last_active', 'key_alias'] as const;
      const dialect = bench.url.startsWith('postgres') ? 'postgres' : 'sqlite';
      for (const [index, [filter]] of [...filters, ...combined].entries()) {
        const sortBy = sorts[index % sorts.length] ?? 'created_at';
        for (const sortOrder of ['asc', 'desc'] as const) {
          const whole = buildListQuery({ ...filter, sortBy, sortOrder, page: 1, size: 100 });
          const { keys, total } = await bench.storage.keys.list(whole);
          // The second page, and each after it, is far back where nothing is near; the last one lies behind all that match.
          for (const page of [1, 2, 3, 4]) {
            const query = { ...whole, page, size: 2 };
            const found = await findKeyIds(bench.storage.reads, dialect, query, bounds);
            const expected = keys.slice(2 * page - 2, 2 * page).map(({ keyId }) => keyId);
            expect(found.ids, JSON.stringify(query)).toEqual(expected);
            // One that matches beyond those that were looked at is not counted, and the answer says so.
            if (found.isTotalExact) expect(found.total, JSON.stringify(query)).toBe(total);
            else expect(found.total, JSON.stringify(query)).toBeLessThanOrEqual(total);
          }
        }
      }
    },
    60_000,
  );

  test('keys are found by what they have spent up to the last nano-dollar, however that came and went', async () => {
    const { key, ...rows } = buildNewKey({ userId: 'spender', blocked: true });
    await bench.storage.keys.insert({ ...rows, key });
    const counter = counterId({ kind: 'key', id: key.keyId }, 'spend');
    const other = { sortBy: 'created_at', sortOrder: 'asc', status: 'blocked', neverUsed: true } as const;
    const dialect = bench.url.startsWith('postgres') ? 'postgres' : 'sqlite';
    let spent = 0;
    let tried = 0;
    for (const next of [0, 1, 999, 1_000, 1_189, 1_190, -1, 5_000_000_000_000, 900_000_000, 0]) {
      await bench.storage.transact(({ adjust }) => adjust([buildAdjustment(counter, next - spent)]));
      spent = next;
      for (const [range, matches] of [
        [{ minSpendNanoUsd: spent, maxSpendNanoUsd: spent }, true],
        [{ minSpendNanoUsd: spent }, true],
        [{ maxSpendNanoUsd: spent }, true],
        [{ minSpendNanoUsd: spent + 1 }, false],
        [{ maxSpendNanoUsd: spent - 1 }, false],
        [{ minSpendNanoUsd: spent - 1, maxSpendNanoUsd: spent + 1 }, true],
      ] as const) {
        const [way, bounds] = ways[tried++ % ways.length] ?? [];
        const { ids } = await findKeyIds(bench.storage.reads, dialect, buildListQuery({ ...other, ...range }), bounds);
        expect(ids.includes(key.keyId), `${spent}: ${JSON.stringify(range)}, ${way}`).toBe(matches);
      }
    }
    await bench.storage.keys.remove([{ kind: 'key_id', keyId: key.keyId }], { atMs: NOW_MS, by: 'x' }, () =>
      buildAudit(),
    );
  });

  test('hash, key_id and a part of the key_id find one key', async () => {
    const { hash = '', keyId = '' } = stored.plain ?? {};
    for (const query of [{ hash }, { keyId }, { search: keyId.slice(2).toUpperCase() }]) {
      expect(await list(query)).toEqual({ names: ['plain'], total: 1 });
    }
  });

  const scopes: [Partial<Exclude<Scope, 'all'>>, Partial<KeyListQuery>, string[]][] = [
    [{}, {}, []],
    [{}, { userId: 'ann', alsoOfTeamIds: ['red'], alsoCreatedByUser: true }, []],
    [{ userIds: ['ann'] }, {}, ['plain', 'blocked', 'nameless']],
    [{ userIds: ['ann'] }, { userId: 'Ünal' }, []],
    [{ userIds: ['ann'] }, { userId: 'Ünal', alsoOfTeamIds: ['red', 'blue'] }, ['blocked', 'nameless']],
    [{ userIds: ['ann'] }, { status: 'deleted' }, ['deleted']],
    [{ userIds: ['Ünal'] }, { status: 'deleted' }, []],
    [{ teamIds: ['red'] }, {}, ['blocked', 'expired']],
    [{ userIds: ['Ünal'], teamIds: ['blue'] }, {}, ['Big_50%', 'nameless']],
    [{ organizationIds: ['org'] }, {}, ['expired']],
    [{ organizationIds: ['holding'] }, {}, ['blocked', 'expired']],
    [{ organizationIds: ['org', 'other'] }, { sortBy: 'spend', sortOrder: 'desc' }, ['expired', 'nameless']],
    [{ creatorIds: ['bob'] }, {}, ['expiring']],
    [{ creatorIds: ['cleo'] }, {}, []],
    [{ creatorIds: ['cleo'], creatorTeamIds: ['red', 'blue'] }, {}, ['blocked', 'expired']],
    [{ creatorIds: ['cleo'], creatorOrganizationIds: ['alone', 'org'] }, {}, ['Big_50%']],
    [{ sharedTeamIds: ['red', 'blue'] }, {}, ['expired']],
    [{ userIds: ['ann'] }, { search: 'sk-...', status: 'active' }, ['plain', 'nameless']],
    [{ userIds: ['ann'], creatorIds: ['bob'] }, { tag: 'y' }, ['plain', 'expiring']],
  ];
  test.each(scopes)('within %j: %j', async (parts, query, names) => {
    const scope = { ...NOTHING, ...parts };
    expect(await list({ ...query, scope })).toEqual({ names, total: names.length });
    const pages = await Promise.all(names.map((_, index) => list({ ...query, scope, page: index + 1, size: 1 })));
    expect(pages.flatMap((page) => page.names)).toEqual(names);
  });

  test('living keys of users are counted within a scope', async () => {
    const count = (parts: Partial<Exclude<Scope, 'all'>> | 'all') =>
      bench.storage.keys.countByUser(['ann', 'Ünal', 'nobody'], parts === 'all' ? 'all' : { ...NOTHING, ...parts });
    expect(await count('all')).toEqual(
      new Map([
        ['ann', 3],
        ['Ünal', 1],
      ]),
    );
    expect(await count({ organizationIds: ['holding'] })).toEqual(new Map([['ann', 1]]));
    expect(await count({})).toEqual(new Map());
    expect(await bench.storage.keys.countByUser([], 'all')).toEqual(new Map());
  });

  test('within a scope of one key is that key', async () => {
    const scope = { ...NOTHING, keyIds: [stored.plain?.keyId ?? ''] };
    expect(await list({ scope })).toEqual({ names: ['plain'], total: 1 });
  });

  const orders: Record<KeySortField, { asc: string[]; desc: string[] }> = {
    spend: {
      asc: ['blocked', 'expiring', 'Big_50%', 'nameless', 'plain', 'expired'],
      desc: ['expired', 'plain', 'nameless', 'Big_50%', 'expiring', 'blocked'],
    },
    max_budget: {
      asc: ['blocked', 'nameless', 'plain', 'expired', 'expiring', 'Big_50%'],
      desc: ['plain', 'nameless', 'blocked', 'Big_50%', 'expiring', 'expired'],
    },
    created_at: { asc: LIVE, desc: [...LIVE].reverse() },
    updated_at: { asc: LIVE, desc: [...LIVE].reverse() },
    key_name: {
      asc: ['plain', 'blocked', 'expired', 'expiring', 'nameless', 'Big_50%'],
      desc: ['nameless', 'expiring', 'expired', 'blocked', 'plain', 'Big_50%'],
    },
    expires: {
      asc: ['expired', 'expiring', 'plain', 'blocked', 'Big_50%', 'nameless'],
      desc: ['expiring', 'expired', 'nameless', 'Big_50%', 'blocked', 'plain'],
    },
    last_active: {
      asc: ['plain', 'expiring', 'blocked', 'expired', 'Big_50%', 'nameless'],
      desc: ['expiring', 'plain', 'nameless', 'Big_50%', 'expired', 'blocked'],
    },
    key_alias: {
      asc: ['Big_50%', 'blocked', 'expired', 'expiring', 'plain', 'nameless'],
      desc: ['plain', 'expiring', 'expired', 'blocked', 'Big_50%', 'nameless'],
    },
    token: { asc: [], desc: [] },
  };
  describe.each(Object.keys(orders) as KeySortField[])('by %s', (sortBy) => {
    test.each(['asc', 'desc'] as const)('%s, keys without a value last, and pages join up', async (sortOrder) => {
      const byHash = (a: string, b: string) => ((stored[a]?.hash ?? '') < (stored[b]?.hash ?? '') ? -1 : 1);
      const ascending = [...LIVE].sort(byHash);
      const expected =
        sortBy === 'token' ? (sortOrder === 'asc' ? ascending : ascending.reverse()) : orders[sortBy][sortOrder];
      expect(await list({ sortBy, sortOrder })).toEqual({ names: expected, total: LIVE.length });
      const pages: unknown[] = [];
      for (let page = 1; page <= 4; page++) {
        const { names, total } = await list({ sortBy, sortOrder, page, size: 2 });
        expect(total).toBe(LIVE.length);
        pages.push(...names);
      }
      expect(pages).toEqual(expected);
    });
  });

  test('a change of the alias is found by search at once, and the old one no more', async () => {
    const rows = buildNewKey({ alias: 'before-it-was-renamed' });
    await bench.storage.keys.insert(rows);
    await bench.storage.keys.change({ kind: 'key_id', keyId: rows.key.keyId }, (current) => ({
      next: { ...current, alias: 'now-it-is-other', metadata: { tags: ['fresh'] } },
      audit: buildAudit(),
    }));
    expect((await list({ search: 'it-was-ren' })).total).toBe(0);
    expect((await list({ search: 'it-is-oth' })).total).toBe(1);
    expect((await list({ tag: 'fresh' })).total).toBe(1);
  });

  /** Keys that come and go by one statement each, as nobody brings them but who takes over another installation. */
  async function copyKeysAtOnce(keyIds: string[]): Promise<void> {
    const { writes } = bench.storage;
    await sql`insert into keys select (jsonb_populate_record(keys, jsonb_build_object(
        'key_id', key_id || '-' || n, 'hash', hash || n, 'alias', null, 'created_at_ms', created_at_ms - n * 30000))).*
      from keys cross join generate_series(1, 3) as n where key_id in (${sql.join(keyIds)})`.execute(writes);
    await sql`delete from keys where key_id like '%-2'`.execute(writes);
    await sql`insert into balances (counter, nano_usd, key_id)
      select key_id, 7, key_id from keys where key_id like '%-1' or key_id like '%-3'`.execute(writes);
  }

  test('pages far back are entered near their place, in whatever time keys were made and removed by several at once', async () => {
    const other = await bench.openAnother();
    const ids = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const rows = buildNewKey({ createdAtMs: NOW_MS - 40_000 * (index % 9), lastActiveAtMs: index % 3 || null });
        await (index % 2 === 0 ? bench.storage : other).keys.insert(rows);
        return rows.key.keyId;
      }),
    );
    const remove = (storage: typeof other, some: string[]) =>
      storage.keys.remove(
        some.map((keyId) => ({ kind: 'key_id', keyId })),
        { atMs: NOW_MS, by: 'x' },
        () => buildAudit(),
      );
    await Promise.all([remove(bench.storage, ids.slice(0, 4)), remove(other, ids.slice(4, 9).reverse())]);
    if (bench.url.startsWith('postgres')) await copyKeysAtOnce(ids.slice(9));

    const dialect = bench.url.startsWith('postgres') ? 'postgres' : 'sqlite';
    const bounds: SearchBounds = { few: 0, near: 0, gathered: 0, linked: 0, many: 0, ahead: 0 };
    for (const sortBy of ['created_at', 'last_active', 'key_alias', 'token', 'spend'] as const) {
      for (const sortOrder of ['asc', 'desc'] as const) {
        const whole = buildListQuery({ sortBy, sortOrder, size: 100 });
        const { keys, total } = await bench.storage.keys.list(whole);
        expect(total).toBe(keys.length);
        const pages: string[] = [];
        for (let page = 1; page <= Math.ceil(total / 4) + 1; page++) {
          const found = await findKeyIds(bench.storage.reads, dialect, { ...whole, page, size: 4 }, bounds);
          expect(found.total).toBe(total);
          pages.push(...found.ids);
        }
        expect(pages, `${sortBy} ${sortOrder}`).toEqual(keys.map(({ keyId }) => keyId));
      }
    }
  });
});
