import { expect, test } from 'vitest';
import { splitPrismaOptions, toNodePostgres } from './postgres-address.ts';

test.each([
  'postgres://u:p%40ss@h/db',
  'postgresql://u@/db?host=/run/postgresql',
  'postgresql://u@%2Frun%2Fpostgresql/db',
  'postgresql://u@h/db?options=-c%20search_path%3Da&application_name=x',
])('%s stays as it is', (address) => {
  expect(toNodePostgres(address)).toBe(address);
});

test.each([
  ['postgres://u@h/db?schema=lat', '-c search_path="lat"'],
  ['postgres://u@h/db?schema=La%20t%22', '-c search_path="La\\ t"""'],
  ['postgres://u@h/db?schema=lat&options=-c%20geqo%3Doff', '-c geqo=off -c search_path="lat"'],
])('the schema of %s is the search path', (address, options) => {
  expect(new URL(toNodePostgres(address)).searchParams.get('options')).toBe(options);
});

test("Prisma's options go", () => {
  const address = 'postgres://u@h/db?connection_limit=5&pool_timeout=20&pgbouncer=true&sslmode=disable&schema=';
  expect(splitPrismaOptions(address)).toEqual({ url: 'postgres://u@h/db?sslmode=disable', schema: null });
});

test.each([
  ['disable', 'sslmode=disable'],
  ['allow', 'sslmode=disable'],
  ['prefer', 'sslmode=prefer&uselibpqcompat=true'],
  ['require', 'sslmode=require&uselibpqcompat=true'],
  ['verify-ca', 'sslmode=verify-full'],
  ['verify-ca&sslrootcert=/ca.pem', 'sslmode=verify-ca&sslrootcert=%2Fca.pem&uselibpqcompat=true'],
  ['verify-full', 'sslmode=verify-full'],
  ['no-verify', 'sslmode=no-verify'],
])('sslmode=%s is %s', (mode, query) => {
  expect(toNodePostgres(`postgres://u@/db?sslmode=${mode}`)).toBe(`postgres://u@/db?${query}`);
});
