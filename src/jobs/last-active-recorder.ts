import type { KeyStore } from '../storage/storage.ts';

/** When keys were last used: gathered in memory and written now and then, since nobody needs it to the second. */
export interface LastActiveRecorder {
  note(keyId: string, atMs: number): void;
  flush(): Promise<void>;
}

export function createLastActiveRecorder(keys: Pick<KeyStore, 'touch'>): LastActiveRecorder {
  let noted = new Map<string, number>();
  return {
    note(keyId, atMs) {
      noted.set(keyId, atMs);
    },
    async flush() {
      if (noted.size === 0) return;
      const batch = noted;
      noted = new Map();
      await keys.touch(batch);
    },
  };
}
