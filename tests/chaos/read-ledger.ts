// The gateway's own account, read from outside.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GatewayProcess } from '../support/gateway-process.ts';
import type { SpendLog } from '../support/gateway-with-upstream.ts';

const MAIN = join(fileURLToPath(new URL('../..', import.meta.url)), 'dist', 'main.js');
const PAGE_SIZE = 100;

/** Every row there is. Nothing may be called meanwhile. */
export async function readAllRows(gateway: GatewayProcess): Promise<(SpendLog & { api_key: string })[]> {
  const rows: (SpendLog & { api_key: string })[] = [];
  for (let page = 1; ; page += 1) {
    const span = 'start_date=2020-01-01%2000:00:00&end_date=2999-01-01%2000:00:00';
    const { body } = await gateway.admin(`/spend/logs/v2?${span}&page=${page}&page_size=${PAGE_SIZE}`);
    rows.push(...body.data);
    if (page >= body.total_pages) return rows;
  }
}

/** What `latchkey doctor --json` finds, on a running gateway or a stopped one. */
export function runDoctor(
  { configFile, dataDir, url }: GatewayProcess,
  env: Record<string, string> = {},
): { ok: boolean; text: string } {
  const flags = ['--config', configFile, '--data-dir', dataDir, '--url', url, '--json'];
  const { stdout, stderr } = spawnSync(process.execPath, [MAIN, 'doctor', ...flags], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  const text = `${stdout}${stderr}`;
  return { ok: stdout.startsWith('{') && JSON.parse(stdout).ok === true, text };
}
