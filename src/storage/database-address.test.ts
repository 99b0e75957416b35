import { expect, test } from 'vitest';
import { parseDatabaseAddress } from './database-address.ts';

test.each([
  [':memory:', ':memory:'],
  ['sqlite::memory:', ':memory:'],
  ['sqlite://:memory:', ':memory:'],
  ['data/latchkey.db', 'data/latchkey.db'],
  ['/var/lib/a b.db', '/var/lib/a b.db'],
  ['sqlite:///var/lib/a.db', '/var/lib/a.db'],
  ['sqlite:data/a.db', 'data/a.db'],
  ['sqlite://data/a.db', 'data/a.db'],
  ['file:///var/lib/a%20b.db', '/var/lib/a b.db'],
  ['file:./dev.db', './dev.db'],
])('%s is the SQLite file %s', (url, file) => {
  expect(parseDatabaseAddress(url)).toEqual({ dialect: 'sqlite', file });
});

test.each(['postgres://u:p@h/db', 'postgresql://u:p@h:5432/db?sslmode=require', 'POSTGRES://h/db'])(
  '%s is PostgreSQL',
  (url) => {
    expect(parseDatabaseAddress(url)).toEqual({ dialect: 'postgres', url });
  },
);

test('another scheme is refused without repeating the password', () => {
  expect(() => parseDatabaseAddress('mysql://root:hunter2@h/db')).toThrow(/not with mysql:$/);
});
