import type { KeyStore, SecretUse } from '../storage/storage.ts';

/**
 * When keys were last used, and how often each secret: gathered in memory and written now and then, since nobody needs
 * it to the second. What could not be written is kept for the next time.
 */
export interface LastActiveRecorder {
  note(keyId: string, secretHash: string, atMs: number): void;
  flush(): Promise<void>;
}

export function createLastActiveRecorder(keys: Pick<KeyStore, 'touch' | 'addSecretUses'>): LastActiveRecorder {
  let noted = new Map<string, SecretUse & { keyId: string }>();
  const add = (secretHash: string, keyId: string, atMs: number, calls: number): void => {
    const use = noted.get(secretHash);
    if (use === undefined) noted.set(secretHash, { keyId, atMs, calls });
    else {
      use.calls += calls;
      if (atMs > use.atMs) use.atMs = atMs;
    }
  };
  return {
    note: (keyId, secretHash, atMs) => add(secretHash, keyId, atMs, 1),
    async flush() {
      if (noted.size === 0) return;
      const batch = noted;
      noted = new Map();
      try {
        await keys.addSecretUses(batch);
      } catch (error) {
        for (const [hash, { keyId, atMs, calls }] of batch) add(hash, keyId, atMs, calls);
        throw error;
      }
      await keys.touch(lastUses(batch.values()));
    },
  };
}

function lastUses(uses: Iterable<{ keyId: string; atMs: number }>): Map<string, number> {
  const last = new Map<string, number>();
  for (const { keyId, atMs } of uses) last.set(keyId, Math.max(atMs, last.get(keyId) ?? 0));
  return last;
}
