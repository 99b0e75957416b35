/** The salt key of an installation, looked at and replaced. No gateway has to run. */
import type { Config } from '../config/config.ts';
import { findSaltKeys, rotateSalt } from '../config/salt-file.ts';
import { auditKeyId } from '../core/audit-seal.ts';
import { parseResealingNote, type ResealingNote } from '../core/resealing-plan.ts';
import { allSalts, saltKeyId } from '../core/salt-keys.ts';
import { SEALED_TABLES, type SealedUnder, type SealPurpose } from '../core/sealed-texts.ts';
import { readSealed } from '../storage/sealed/read-all-sealed.ts';
import { databasePasswordOf, databaseUrlOf } from './database-url.ts';
import { createSealBoxes } from './secret-box.ts';

/** Of one purpose and key: how much is sealed under it. */
export interface SealedCount {
  purpose: SealPurpose | 'audit log';
  /** Null: from before keys had ids. */
  keyId: string | null;
  key: SealedUnder['key'];
  count: number;
}

export interface SaltKeyStatus {
  /** Names the current salt key. */
  keyId: string;
  earlierKeyIds: readonly string[];
  counts: readonly SealedCount[];
  /** Null: no gateway has looked for credentials to be sealed anew yet. */
  note: ResealingNote | null;
}

/** Ids of the new key and of the one before. Null: the installation has made no key yet. */
export async function rotateSaltKey(config: Config): Promise<{ keyId: string; replacedKeyId: string } | null> {
  const rotated = await rotateSalt(config.server.dataDir);
  return rotated && { keyId: saltKeyId(rotated.current), replacedKeyId: saltKeyId(rotated.replaced) };
}

/** Reads all that may be sealed, from one moment, and writes nothing. Null: there is no salt key, or no database of this version. */
export async function lookAtSaltKeys(config: Config): Promise<SaltKeyStatus | null> {
  const salts = await findSaltKeys(config);
  if (salts === null) return null;
  const boxes = createSealBoxes(salts);
  const counts = new Map<string, SealedCount>();
  const add = (purpose: SealedCount['purpose'], { keyId, key }: SealedUnder, count: number): void => {
    const name = JSON.stringify([purpose, keyId, key]);
    counts.set(name, { purpose, keyId, key, count: (counts.get(name)?.count ?? 0) + count });
  };
  const read = await readSealed(databaseUrlOf(config), databasePasswordOf(config), (table, { id, texts }) => {
    for (const { column, purpose, map } of SEALED_TABLES[table].columns) {
      map(texts[column] ?? '', id, (sealed, context) => {
        add(purpose, boxes[purpose].lookAt(sealed, context), 1);
        return sealed;
      });
    }
  });
  if (read === null) return null;
  const [current, ...earlier] = allSalts(salts).map(auditKeyId);
  for (const { keyId, rows } of read.auditKeys) {
    add(
      'audit log',
      { keyId, key: keyId === current ? 'current' : earlier.includes(keyId) ? 'earlier' : 'unknown' },
      rows,
    );
  }
  return {
    keyId: saltKeyId(salts.current),
    earlierKeyIds: salts.earlier.map(saltKeyId),
    counts: [...counts.values()],
    note: parseResealingNote(read.note),
  };
}
