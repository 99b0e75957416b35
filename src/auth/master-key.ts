/**
 * Is this the master key? Only digests are held and compared, in constant time, so neither a memory dump nor a
 * stopwatch gives the key away.
 */
import { timingSafeEqual } from 'node:crypto';

export interface MasterKeyCheck {
  /** True when this is the SHA-256 (lower-case hex) of a master key that is in force. */
  isMasterKeyHash(secretHash: string): boolean;
  /** Puts other master keys in force, at once; for rotation while running. */
  replace(hashes: readonly string[]): void;
}

/** `hashes`: SHA-256 of each master key in force, lower-case hex. None: nobody is the master. */
export function createMasterKeyCheck(hashes: readonly string[]): MasterKeyCheck {
  let digests = hashes.map(toDigest);
  return {
    isMasterKeyHash(secretHash) {
      const presented = toDigest(secretHash);
      let found = false;
      // Every digest is compared, also after a match.
      for (const digest of digests) found = timingSafeEqual(digest, presented) || found;
      return found;
    },
    replace(next) {
      digests = next.map(toDigest);
    },
  };
}

function toDigest(hash: string): Buffer {
  const digest = Buffer.from(hash, 'hex');
  if (digest.length !== 32) throw new RangeError('not a SHA-256 digest in hex');
  return digest;
}
