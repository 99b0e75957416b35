/**
 * What only the holder of the salt key can compute. A chain of plain hashes can be computed anew by whoever may write to
 * the database; so each row, and the head of the chain, also has a MAC under a key that is derived from the installation's
 * salt key and never in the database. The MACs of rows and of heads cannot stand in for one another.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type AuditEnd, GENESIS_HASH } from './audit-chain.ts';
import { deriveFromSalt } from './salt-keys.ts';

export interface AuditSeal {
  rowMac(hash: string): string;
  headMac(seq: number, hash: string): string;
  isRowMac(mac: string | null, hash: string): boolean;
  isHeadMac(mac: string | null, seq: number, hash: string): boolean;
  /** True for a MAC that names another key than these, so that nothing can be said about it. */
  isForeign(mac: string | null): boolean;
}

const KEY_BYTES = 32;
const ID_BYTES = 8;

/**
 * The same for the same salts. A MAC is `<id of the key>:<HMAC-SHA256, hex>`, made with the first salt; what was made with
 * one of the `earlier` ones is as good.
 */
export function createAuditSeal(salt: string, earlier: readonly string[] = []): AuditSeal {
  const own = createMac(salt);
  const macs = [own, ...earlier.map(createMac)];
  const rowText = (hash: string) => `row ${hash}`;
  const headText = (seq: number, hash: string) => `head ${seq} ${hash}`;
  const isMac = (given: string | null, text: string) =>
    macs.some((mac) => mac.isOwn(given) && isSame(given, mac.of(text)));
  return {
    rowMac: (hash) => own.of(rowText(hash)),
    headMac: (seq, hash) => own.of(headText(seq, hash)),
    isRowMac: (given, hash) => isMac(given, rowText(hash)),
    isHeadMac: (given, seq, hash) => isMac(given, headText(seq, hash)),
    isForeign: (given) => given !== null && !macs.some((mac) => mac.isOwn(given)),
  };
}

/** How the MACs of this salt key begin. */
export function auditKeyId(salt: string): string {
  return deriveFromSalt(salt, 'audit mac id', ID_BYTES).toString('hex');
}

function createMac(salt: string): { of(text: string): string; isOwn(mac: string | null): boolean } {
  const key = deriveFromSalt(salt, 'audit mac', KEY_BYTES);
  const prefix = `${auditKeyId(salt)}:`;
  return {
    of: (text) => prefix + createHmac('sha256', key).update(text).digest('hex'),
    isOwn: (mac) => String(mac).startsWith(prefix),
  };
}

/** Whether the log ends where a gateway with this salt key left it. */
export function isEndSound(end: AuditEnd, seal: AuditSeal): boolean {
  const { seq, hash, mac, lastSeq, rowHash } = end;
  return seal.isHeadMac(mac, seq, hash) && lastSeq === seq && hash === (seq === 0 ? GENESIS_HASH : rowHash);
}

function isSame(given: string | null, right: string): boolean {
  // Whatever a damaged database gives back.
  const [a, b] = [Buffer.from(String(given)), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
