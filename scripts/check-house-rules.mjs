// The rules that no linter knows: who reads the environment, where SQL may stand, how dependencies are pinned.

import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('..', import.meta.url);
/** @type {string[]} */
const complaints = [];

/** Only src/config/env.ts reads the environment, so that one file tells every variable there is. */
const ENVIRONMENT =
  /\bprocess\s*(\?\.|\.|\[['"])\s*env\b|\benv\b[^;\n]*\}\s*from\s*['"](node:)?process['"]|\bimport\.meta\.env\b/;

/** A string that begins like an SQL statement. Mixed case is prose. */
const SQL_STATEMENT =
  /['"`]\s*(select\s[^'"`;]*\sfrom\s|insert into\s|update\s+\S+\s+set\s|delete from\s|(create|alter|drop)\s+(unique\s+)?(table|index)\s|SELECT\s[^'"`;]*\sFROM\s|INSERT INTO\s|UPDATE\s+\S+\s+SET\s|DELETE FROM\s|(CREATE|ALTER|DROP)\s+(UNIQUE\s+)?(TABLE|INDEX)\s)/;
const MAY_HOLD_SQL = /^src\/(storage|ledger|counters)\//;

/** sql.raw with anything but a fixed string is an injection waiting to happen. */
const RAW_SQL = /\bsql\.raw(<[^>]*>)?\(\s*(?!'[^']*'\s*\)|"[^"]*"\s*\)|`[^`$]*`\s*\))/;

for (const name of readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })) {
  const path = `src/${name.replaceAll('\\', '/')}`;
  if (!/\.(ts|js)$/.test(path) || path.includes('/__fixtures__/')) continue;
  const text = readFileSync(new URL(path, root), 'utf8');
  if (path !== 'src/config/env.ts') complain(path, text, ENVIRONMENT, 'only src/config/env.ts reads the environment');
  if (!MAY_HOLD_SQL.test(path)) complain(path, text, SQL_STATEMENT, 'SQL belongs in src/storage, ledger or counters');
  complain(path, text, RAW_SQL, 'sql.raw takes a fixed string only: bind values, quote names with sql.ref');
}

const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    complaints.push(`package.json: ${name} ${version} is not an exact version`);
}
if (/"resolved": "(?!file:)/.test(readFileSync(new URL('package-lock.json', root), 'utf8'))) {
  complaints.push('package-lock.json holds download addresses: see omit-lockfile-registry-resolved in .npmrc');
}

/**
 * Notes the first match of a forbidden pattern, with its line.
 *
 * @param {string} path
 * @param {string} text
 * @param {RegExp} pattern
 * @param {string} why
 */
function complain(path, text, pattern, why) {
  const match = pattern.exec(text);
  if (match) complaints.push(`${path}:${text.slice(0, match.index).split('\n').length}: ${why}`);
}

for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
