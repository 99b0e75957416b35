import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { sql } from 'kysely';
import { afterAll, describe, expect, test } from 'vitest';
import { type Connection, openConnection } from './connection.ts';
import { UniqueViolation } from './unique-violation.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-sqlite-'));
const opened: Connection[] = [];
let files = 0;

afterAll(async () => {
  for (const connection of opened) await connection.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(url = join(folder, 'inner', `${++files}.db`)) {
  const threads: Worker[] = [];
  const connection = openConnection({
    url,
    poolSize: 1,
    queryTimeoutMs: 0,
    onThread: (worker) => threads.push(worker),
  });
  opened.push(connection);
  return { ...connection, url, threads };
}

async function openTable(url?: string) {
  const connection = open(url);
  await sql`create table t (n integer primary key, v bigint, u text unique)`.execute(connection.writes);
  return connection;
}

const read = async (db: Connection['reads']) => (await sql<{ n: number }>`select n from t order by n`.execute(db)).rows;
const unavailable = expect.objectContaining({ code: 'database_unavailable', status: 503, retryAfterMs: 1_000 });

describe('values', () => {
  test.each([
    [0, 0],
    [-1, -1],
    [2 ** 31, 2 ** 31],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [2n ** 62n, 2 ** 62],
    [1.5, 1.5],
    ['ünï ✓ 𝄞', 'ünï ✓ 𝄞'],
    [null, null],
    [true, 1],
  ])('%s goes in and comes out as %s', async (value, expected) => {
    const { reads } = open(':memory:');
    const { rows } = await sql<{ value: unknown }>`select ${value} as value`.execute(reads);
    expect(rows).toEqual([{ value: expected }]);
  });

  test('whole numbers above 32 bits are stored as integers, not as floats', async () => {
    const { reads } = open(':memory:');
    const { rows } = await sql<{ type: string }>`select typeof(${2 ** 40}) as type`.execute(reads);
    expect(rows).toEqual([{ type: 'integer' }]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%s is refused instead of becoming null', async (value) => {
    await expect(sql`select ${value}`.execute(open(':memory:').reads)).rejects.toThrow('Not a number');
  });
});

test('text with U+0000, which would come back cut short, is refused', async () => {
  await expect(sql`select ${'x\u0000y'}`.execute(open(':memory:').reads)).rejects.toMatchObject({ status: 400 });
});

describe('statements', () => {
  test('more different statements than are kept prepared, and a changed table, give right answers', async () => {
    const { writes } = await openTable(':memory:');
    for (let count = 1; count <= 300; count++) {
      const name = `x${count}`;
      const { rows } = await sql`select ${count} as ${sql.ref(name)}`.execute(writes);
      expect(rows).toEqual([{ [name]: count }]);
    }
    await sql`insert into t (n) values (1)`.execute(writes);
    expect((await sql`select * from t`.execute(writes)).rows).toEqual([{ n: 1, v: null, u: null }]);
    await sql`alter table t drop column v`.execute(writes);
    expect((await sql`select * from t`.execute(writes)).rows).toEqual([{ n: 1, u: null }]);
  });

  test('a unique index names the column that it refused', async () => {
    const { writes } = await openTable(':memory:');
    const insert = () => sql`insert into t (u) values ('x')`.execute(writes);
    await insert();
    const failure = await insert().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UniqueViolation);
    expect(failure).toMatchObject({ target: 't.u' });
  });

  test('a wrong statement stays an ordinary error', async () => {
    await expect(sql`select nonsense`.execute(open(':memory:').reads)).rejects.toThrow('no such column');
  });
});

describe('a file', () => {
  test('is private, and readers see what is committed and no more', async () => {
    const { writes, reads, url } = await openTable();
    expect(statSync(url).mode & 0o077).toBe(0);
    await writes.transaction().execute(async (trx) => {
      await sql`insert into t (n) values (1)`.execute(trx);
      expect(await read(reads)).toEqual([]);
    });
    expect(await read(reads)).toEqual([{ n: 1 }]);
  });

  test('readers cannot write and have no transactions', async () => {
    const { reads } = await openTable();
    await expect(sql`insert into t (n) values (1)`.execute(reads)).rejects.toThrow();
    await expect(reads.transaction().execute(read)).rejects.toThrow('connection that writes');
  });

  test('transactions that come at once follow each other, in order and without a lock error', async () => {
    const { writes, reads } = await openTable();
    const order: number[] = [];
    const append = (n: number) =>
      writes.transaction().execute(async (trx) => {
        order.push(n);
        await sql`insert into t (n) select count(*) from t`.execute(trx);
      });
    await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)));
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(await read(reads)).toHaveLength(20);
  });

  test('two processes that write at once wait for each other', async () => {
    const first = await openTable();
    const second = open(first.url);
    const insert = ({ writes }: Connection) =>
      writes.transaction().execute(async (trx) => {
        const { rows } = await sql<{ next: number }>`select count(*) as next from t`.execute(trx);
        await sql`insert into t (n) values (${rows[0]?.next})`.execute(trx);
      });
    await Promise.all(Array.from({ length: 20 }, (_, n) => insert(n % 2 === 0 ? first : second)));
    expect(await read(first.reads)).toHaveLength(20);
  });

  test('that cannot be opened is a database that is unavailable', async () => {
    const damaged = join(folder, 'damaged.db');
    writeFileSync(damaged, 'this is no database, whatever its name says. '.repeat(100));
    await expect(sql`select 1`.execute(open(damaged).writes)).rejects.toEqual(unavailable);
  });
});

describe('when the thread dies', () => {
  test('what is under way fails as unavailable, and the next statement finds a new thread', async () => {
    const { writes, reads, threads } = await openTable();
    await sql`insert into t (n) values (1)`.execute(writes);
    const slow = sql`with recursive c (x) as (select 1 union all select x + 1 from c limit 500000) select count(*) from c`;
    const running = slow.execute(writes);
    await Promise.all([expect(running).rejects.toEqual(unavailable), threads[0]?.terminate()]);
    await sql`insert into t (n) values (2)`.execute(writes);
    expect(await read(reads)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('a transaction that was half done is undone, and none of its later statements gets through', async () => {
    const { writes, reads, threads } = await openTable();
    const halfDone = writes.transaction().execute(async (trx) => {
      await sql`insert into t (n) values (1)`.execute(trx);
      await threads[0]?.terminate();
      await sql`insert into t (n) values (2)`.execute(trx).catch(() => undefined);
      await sql`insert into t (n) values (3)`.execute(trx);
    });
    await expect(halfDone).rejects.toEqual(unavailable);
    expect(await read(reads)).toEqual([]);
    await sql`insert into t (n) values (4)`.execute(writes);
    expect(await read(reads)).toEqual([{ n: 4 }]);
  });

  test('a database in memory stays unavailable, since it is gone', async () => {
    const { writes, threads } = await openTable(':memory:');
    await threads[0]?.terminate();
    for (let attempt = 0; attempt < 2; attempt++) await expect(read(writes)).rejects.toEqual(unavailable);
  });

  test('a closed database is unavailable, too', async () => {
    const { writes, close } = await openTable();
    await close();
    await expect(read(writes)).rejects.toThrow();
  });
});

test.each([
  [false, 1],
  [true, 2],
])('with durable %s, commits are as safe as asked for (synchronous = %i)', async (durable, expected) => {
  const url = join(folder, `${++files}.db`);
  const connection = openConnection({ url, poolSize: 1, queryTimeoutMs: 0, durable });
  opened.push(connection);
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(connection.writes);
  expect(rows).toEqual([{ synchronous: expected }]);
});
