import { isSha256Hex } from '../core/key-secret.ts';

/**
 * Is this the master key? Only digests are held and compared, in constant time, so neither a memory dump nor a
 * stopwatch gives the key away.
 */
export interface MasterKeyCheck {
  /** True when this is the SHA-256 (lower-case hex) of a master key that is in force. */
  isMasterKeyHash(secretHash: string): boolean;
  /** SHA-256 of each master key in force. */
  hashes(): readonly string[];
  /** Puts other master keys in force, at once; for rotation while running. */
  replace(hashes: readonly string[]): void;
}

/** `hashes`: SHA-256 of each master key in force, lower-case hex. None: nobody is the master. */
export function createMasterKeyCheck(hashes: readonly string[]): MasterKeyCheck {
  let digests = hashes.map(toDigest);
  return {
    isMasterKeyHash(secretHash) {
      let found = false;
      // Every digest is compared, also after a match.
      for (const digest of digests) found = isEqual(digest, secretHash) || found;
      return found;
    },
    hashes: () => digests,
    replace(next) {
      digests = next.map(toDigest);
    },
  };
}

/** Looks at every character, whichever differ. */
function isEqual(digest: string, presented: string): boolean {
  let difference = digest.length ^ presented.length;
  for (let index = 0; index < digest.length; index += 1) {
    difference |= digest.charCodeAt(index) ^ presented.charCodeAt(index);
  }
  return difference === 0;
}

function toDigest(hash: string): string {
  if (!isSha256Hex(hash)) throw new RangeError('not a SHA-256 digest in hex');
  return hash;
}
