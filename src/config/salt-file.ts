import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'salt.key';
const MODE_OWNER_ONLY = 0o600;

/**
 * The installation's own salt key, for operators who set none: made at the first start, kept beside the data and
 * readable by its owner only. What is derived from it cannot be derived without it, so it belongs in the back-up.
 */
export async function readOrCreateSalt(dataDir: string): Promise<string> {
  const existing = await readSalt(dataDir);
  return existing ?? createSalt(join(dataDir, FILE));
}

/** Several processes may do this at once: a file that is there is there as a whole, and the first one stays. */
async function createSalt(path: string): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: MODE_OWNER_ONLY });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  return (await readFile(path, 'utf8')).trim();
}

/** The same, and null where there is none: for whoever only looks. */
export async function readSalt(dataDir: string): Promise<string | null> {
  try {
    return (await readFile(join(dataDir, FILE), 'utf8')).trim();
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    throw error;
  }
}
