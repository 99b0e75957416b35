// Fills a SQLite installation with keys, past the API, which would take an hour for a million.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

/**
 * The secret of key number `index`.
 *
 * @param {number} index
 */
export function secretOf(index) {
  return `sk-bench-${String(index).padStart(12, '0')}`;
}

/**
 * Copies the one key of a stopped gateway's database until there are `count` more, each with a secret of its own.
 *
 * @param {string} dataDir
 * @param {number} count
 */
export function fillKeys(dataDir, count) {
  const db = new DatabaseSync(join(dataDir, 'latchkey.sqlite'));
  try {
    db.exec('pragma synchronous = off; pragma cache_size = -400000');
    const columns = db.prepare("select name from pragma_table_info('keys') where name <> 'row_no'").all();
    /** What differs from key to key. @type {Record<string, string>} */
    const own = { key_id: ':keyId', hash: ':hash', mask: ':mask', alias: 'null', search_text: ':searchText' };
    const names = columns.map((column) => /** @type {{ name: string }} */ (column).name);
    const values = names.map((name) => own[name] ?? name);
    const insertKey = db.prepare(
      `insert into keys (${names.join(', ')}) select ${values.join(', ')} from keys where key_id = :template`,
    );
    const insertSecret = db.prepare(
      'insert into key_secrets (hash, key_id, created_at_ms, revoked_at_ms) values (:hash, :keyId, 0, null)',
    );
    const template = /** @type {{ key_id: string }} */ (db.prepare('select key_id from keys limit 1').get()).key_id;
    db.exec('begin');
    for (let index = 0; index < count; index += 1) {
      const secret = secretOf(index);
      const hash = createHash('sha256').update(secret).digest('hex');
      // As random as the real ones, or the index pages would be denser than they are in life.
      const keyId = `key_${hash.slice(0, 22)}`;
      const mask = `sk-...${secret.slice(-4)}`;
      insertKey.run({ keyId, hash, mask, searchText: `${keyId}\n${mask}`, template });
      insertSecret.run({ hash, keyId });
    }
    db.exec('commit');
  } finally {
    db.close();
  }
}
