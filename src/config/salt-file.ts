import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SaltKeys } from '../core/salt-keys.ts';
import type { Config } from './config.ts';

const FILE = 'salt.key';
/** Beside it, one key a line, the latest first. */
const EARLIER_FILE = 'salt.key.earlier';
const MODE_OWNER_ONLY = 0o600;

type SaltConfig = Pick<Config, 'saltKey' | 'earlierSaltKeys'> & { server: Pick<Config['server'], 'dataDir'> };

/** The installation's salt keys. Where none is configured, its own is made at the first start. */
export async function getSaltKeys(config: SaltConfig): Promise<SaltKeys> {
  return withEarlier(config, config.saltKey ?? (await readOrCreateSalt(config.server.dataDir)));
}

/** The same, and null where there is none: for whoever only looks. */
export async function findSaltKeys(config: SaltConfig): Promise<SaltKeys | null> {
  const current = config.saltKey ?? (await readLines(join(config.server.dataDir, FILE)))[0];
  return current === undefined ? null : withEarlier(config, current);
}

async function withEarlier({ earlierSaltKeys, server }: SaltConfig, current: string): Promise<SaltKeys> {
  const earlier = new Set([...earlierSaltKeys, ...(await readLines(join(server.dataDir, EARLIER_FILE)))]);
  earlier.delete(current);
  return { current, earlier: [...earlier] };
}

/**
 * The installation's own salt key, for operators who set none: made at the first start, kept beside the data and
 * readable by its owner only. What is derived from it cannot be derived without it, so it belongs in the back-up.
 */
export async function readOrCreateSalt(dataDir: string): Promise<string> {
  const path = join(dataDir, FILE);
  const [existing] = await readLines(path);
  return existing ?? createSalt(path);
}

/** Several processes may do this at once: a file that is there is there as a whole, and the first one stays. */
async function createSalt(path: string): Promise<string> {
  const draft = await writeDraft(path, [newSalt()]);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  const [salt = ''] = await readLines(path);
  return salt;
}

/**
 * Puts a new key in the place of the installation's own and keeps that one with the earlier ones. The present key is in
 * one of the files at every moment, whatever ends the process. Null: there is no key to be replaced.
 */
export async function rotateSalt(dataDir: string): Promise<{ current: string; replaced: string } | null> {
  const path = join(dataDir, FILE);
  const earlierPath = join(dataDir, EARLIER_FILE);
  const [replaced] = await readLines(path);
  if (replaced === undefined) return null;
  const kept = [...new Set([replaced, ...(await readLines(earlierPath))])];
  await rename(await writeDraft(earlierPath, kept), earlierPath);
  await syncFolder(dataDir);
  const current = newSalt();
  await rename(await writeDraft(path, [current]), path);
  await syncFolder(dataDir);
  return { current, replaced };
}

function newSalt(): string {
  return randomBytes(32).toString('base64url');
}

/** On disk when this resolves, under a name of its own. */
async function writeDraft(path: string, lines: readonly string[]): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', MODE_OWNER_ONLY);
  try {
    await file.writeFile(`${lines.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** None where there is no such file. */
async function readLines(path: string): Promise<string[]> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
    return lines.filter((line) => line !== '');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw error;
  }
}
