/**
 * What only the holder of the salt key can compute. A chain of plain hashes can be computed anew by whoever may write to
 * the database; so each row, and the head of the chain, also has a MAC under a key that is derived from the installation's
 * salt key and never in the database. The MACs of rows and of heads cannot stand in for one another.
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type AuditEnd, GENESIS_HASH } from './audit-chain.ts';

export interface AuditSeal {
  rowMac(hash: string): string;
  headMac(seq: number, hash: string): string;
  isRowMac(mac: string | null, hash: string): boolean;
  isHeadMac(mac: string | null, seq: number, hash: string): boolean;
  /** True for a MAC that names another key than this one, so that nothing can be said about it. */
  isForeign(mac: string | null): boolean;
}

const KEY_BYTES = 32;
const ID_BYTES = 8;

/** The same for the same salt. A MAC is `<id of the key>:<HMAC-SHA256, hex>`. */
export function createAuditSeal(salt: string): AuditSeal {
  const key = derive(salt, 'audit mac', KEY_BYTES);
  const keyId = derive(salt, 'audit mac id', ID_BYTES).toString('hex');
  const mac = (text: string) => `${keyId}:${createHmac('sha256', key).update(text).digest('hex')}`;
  const rowMac = (hash: string) => mac(`row ${hash}`);
  const headMac = (seq: number, hash: string) => mac(`head ${seq} ${hash}`);
  return {
    rowMac,
    headMac,
    isRowMac: (given, hash) => isSame(given, rowMac(hash)),
    isHeadMac: (given, seq, hash) => isSame(given, headMac(seq, hash)),
    isForeign: (given) => given !== null && !String(given).startsWith(`${keyId}:`),
  };
}

/** Whether the log ends where a gateway with this salt key left it. */
export function isEndSound(end: AuditEnd, seal: AuditSeal): boolean {
  const { seq, hash, mac, lastSeq, rowHash } = end;
  return seal.isHeadMac(mac, seq, hash) && lastSeq === seq && hash === (seq === 0 ? GENESIS_HASH : rowHash);
}

function derive(salt: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', salt, 'latchkey', purpose, bytes));
}

function isSame(given: string | null, right: string): boolean {
  // Whatever a damaged database gives back.
  const [a, b] = [Buffer.from(String(given)), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
