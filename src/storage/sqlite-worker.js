// @ts-check
/**
 * The thread that owns one SQLite connection, so that a slow statement or a busy disk never holds up the event loop.
 * It takes `{id, sql, params}`, one after the other, and answers each with `{id, columns, rows, changes}` or
 * `{id, error}`. Plain JavaScript, because a worker is started from its file as it stands.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DatabaseSync } from '@photostructure/sqlite';

/**
 * @typedef {{ id: number, sql: string, params: readonly unknown[] }} Request
 * @typedef {{ statement: import('@photostructure/sqlite').StatementSyncInstance, columns: string[] }} Prepared
 */

/** Beyond this the statement that was not used for the longest time is prepared again when it is next needed. */
const MAX_STATEMENTS = 256;
const MAX_INT32 = 2 ** 31 - 1;
const CHANGES_SCHEMA = /^\s*(create|alter|drop)\b/i;

const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');

const database = new DatabaseSync(workerData.file);
for (const pragma of workerData.pragmas) database.exec(`pragma ${pragma}`);

/** @type {Map<string, Prepared>} */
const prepared = new Map();

port.on('message', (/** @type {Request | 'close'} */ message) => {
  if (message === 'close') {
    database.close();
    port.close();
    return;
  }
  port.postMessage(answer(message));
});

/** @param {Request} request */
function answer(request) {
  try {
    return { id: request.id, ...execute(request.sql, request.params.map(toSqlite)) };
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * @param {string} sql
 * @param {unknown[]} params
 */
function execute(sql, params) {
  const { statement, columns } = prepare(sql);
  if (columns.length > 0) {
    const rows = /** @type {unknown[][]} */ (statement.all(...params));
    for (const row of rows) {
      for (let index = 0; index < row.length; index++) {
        if (typeof row[index] === 'bigint') row[index] = Number(row[index]);
      }
    }
    return { columns, rows, changes: rows.length };
  }
  const { changes } = statement.run(...params);
  if (CHANGES_SCHEMA.test(sql)) prepared.clear();
  return { columns, rows: [], changes: Number(changes) };
}

/** @param {string} sql */
function prepare(sql) {
  let entry = prepared.get(sql);
  if (entry === undefined) {
    const statement = database.prepare(sql);
    // Integers are read as BigInt, since a large one would make the driver throw; rows as arrays, which are smaller.
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    entry = { statement, columns: statement.columns().map((column) => column.name) };
    const oldest = prepared.size >= MAX_STATEMENTS ? prepared.keys().next().value : undefined;
    if (oldest !== undefined) prepared.delete(oldest);
  } else {
    prepared.delete(sql);
  }
  prepared.set(sql, entry);
  return entry;
}

/**
 * The driver binds whole numbers above 32 bits as floats, and NaN as NULL, and text ends at U+0000; all would be wrong.
 * @param {unknown} value
 */
function toSqlite(value) {
  if (typeof value === 'string' && value.includes('\0')) throw new Error('text with U+0000');
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) throw new Error(`Not a number that SQLite can hold: ${value}`);
  return Number.isSafeInteger(value) && Math.abs(value) > MAX_INT32 ? BigInt(value) : value;
}
