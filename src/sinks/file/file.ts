import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { batchObjectName } from '../object-name.ts';
import { SinkError, SinkSetupError } from '../sink.ts';
import type { SinkKind } from '../sink-kind.ts';

/**
 * `file`: NDJSON files in a directory of this machine, one per batch and in a folder per day. A file appears when it is
 * complete, and a repeat replaces it, so that several processes may share the directory.
 */
export const file: SinkKind = {
  type: 'file',
  varNames: [],
  addressNames: [],
  globalOnly: true,
  flushRule: () => ({ maxRecords: 10_000, maxBytes: 8 * 1024 * 1024, intervalMs: 1_000 }),
  create(vars) {
    const directory = vars.environment('LATCHKEY_LOG_DIRECTORY');
    if (directory === undefined) throw new SinkSetupError('LATCHKEY_LOG_DIRECTORY is not set in the environment');
    return {
      type: file.type,
      async deliver(batch) {
        const path = join(directory, batchObjectName(batch));
        try {
          await mkdir(dirname(path), { recursive: true, mode: 0o700 });
          await writeFile(`${path}.part`, batch.ndjson, { mode: 0o600 });
          await rename(`${path}.part`, path);
        } catch (error) {
          throw new SinkError('later', `LATCHKEY_LOG_DIRECTORY cannot be written: ${(error as Error).message}`, {
            cause: error,
          });
        }
      },
      close: async () => {},
    };
  },
};
