import { describe, expect, test } from 'vitest';
import { GatewayError } from '../core/gateway-error.ts';
import { isConnectionLost, TransactionConflict } from './database-unavailable.ts';
import { translatePostgresFailure } from './postgres-failure.ts';
import { translateSqliteFailure } from './sqlite-failure.ts';
import { UniqueViolation } from './unique-violation.ts';

const withCode = (code: string, message = 'something', more: object = {}) =>
  Object.assign(new Error(message), { code, ...more });

describe('PostgreSQL', () => {
  test.each([
    withCode('ECONNREFUSED'),
    withCode('ECONNRESET'),
    withCode('ETIMEDOUT'),
    withCode('EHOSTUNREACH'),
    withCode('ENOTFOUND'),
    withCode('EAI_AGAIN'),
    withCode('57P01', 'terminating connection due to administrator command'),
    withCode('57P03', 'the database system is starting up'),
    withCode('53300', 'sorry, too many clients already'),
    withCode('08006'),
    withCode('28P01', 'password authentication failed for user "x"'),
    withCode('3D000', 'database "x" does not exist'),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Query read timeout'),
    new Error('Client has encountered a connection error and is not queryable'),
    new Error('Cannot use a pool after calling end on the pool'),
  ])('%s is a database that is unavailable, and says nothing of the reason', (error) => {
    const failure = translatePostgresFailure(error);
    expect(failure).toMatchObject({ code: 'database_unavailable', status: 503, retryAfterMs: 1_000, cause: error });
    expect(failure.message).not.toContain(error.message);
    expect(isConnectionLost(failure)).toBe(true);
  });

  test.each(['40001', '40P01'])('%s may be tried again, on the same connection', (code) => {
    const failure = translatePostgresFailure(withCode(code));
    expect(failure).toBeInstanceOf(TransactionConflict);
    expect(isConnectionLost(failure)).toBe(false);
  });

  test('a unique violation names its index', () => {
    const failure = translatePostgresFailure(withCode('23505', 'duplicate key', { constraint: 'keys_live_alias' }));
    expect(failure).toBeInstanceOf(UniqueViolation);
    expect(failure).toMatchObject({ target: 'keys_live_alias' });
  });

  test('text that PostgreSQL cannot hold is the fault of whoever sent it', () => {
    expect(translatePostgresFailure(withCode('22021'))).toMatchObject({ code: 'invalid_request', status: 400 });
  });

  test.each([withCode('42601', 'syntax error'), withCode('23503'), new TypeError('x is undefined')])(
    '%s stays what it is',
    (error) => {
      expect(translatePostgresFailure(error)).toBe(error);
    },
  );
});

describe('SQLite', () => {
  test.each([
    'database is locked',
    'database disk image is malformed',
    'disk I/O error',
    'database or disk is full',
    'unable to open database file',
    'attempt to write a readonly database',
    'file is not a database',
  ])('"%s" is a database that is unavailable', (message) => {
    expect(translateSqliteFailure(message)).toMatchObject({ code: 'database_unavailable', retryAfterMs: 1_000 });
  });

  test('a unique violation names its columns', () => {
    expect(translateSqliteFailure('UNIQUE constraint failed: keys.alias')).toMatchObject({ target: 'keys.alias' });
  });

  test.each(['near "x": syntax error', 'NOT NULL constraint failed: keys.hash', 'FOREIGN KEY constraint failed'])(
    '"%s" stays an ordinary error',
    (message) => {
      const failure = translateSqliteFailure(message);
      expect(failure.message).toBe(message);
      expect(failure).not.toBeInstanceOf(GatewayError);
    },
  );
});
