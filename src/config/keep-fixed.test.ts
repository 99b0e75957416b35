import { expect, test } from 'vitest';
import { readEnvironment } from './env.ts';
import { keepFixed } from './keep-fixed.ts';
import { loadConfig } from './load-config.ts';

const load = (yaml: string, env: Record<string, string> = {}) =>
  loadConfig({
    environment: readEnvironment({ LATCHKEY_CONFIG: 'c.yaml', ...env }),
    readFile: () => yaml,
  });
const KEY = 'sk-0123456789abcdefghijklmnop';

test('what cannot change keeps its value and is named; the rest changes', () => {
  const first = load(`{general_settings: {master_key: ${KEY}}}`);
  const next = load(
    `{general_settings: {master_key: ${KEY}2, counters: postgres, ship_every_ms: 7, budget_mode: hard, max_request_size_mb: 1}}`,
    { DATABASE_URL: 'postgres://u:p@h/d', LATCHKEY_PORT: '1', LATCHKEY_DATA_DIR: 'other', LATCHKEY_WORKERS: '2' },
  );
  const { config, kept } = keepFixed(first, next);
  expect(kept.sort()).toEqual([
    '--data-dir',
    '--port',
    '--workers',
    'general_settings.counters',
    'general_settings.database_url',
    'general_settings.ship_every_ms',
  ]);
  expect(config).toMatchObject({
    server: { port: 4000, dataDir: 'data', workers: 1, bodyLimitBytes: 1024 * 1024 },
    databaseUrl: null,
    masterKey: `${KEY}2`,
    general: { counters: first.general.counters, shipEveryMs: first.general.shipEveryMs, budgetMode: 'hard' },
  });
  expect(config.digest).toBe(next.digest);
  expect(config.digest).not.toBe(first.digest);
  expect(Object.isFrozen(config)).toBe(true);
});

test('the same again keeps nothing back', () => {
  expect(keepFixed(load(''), load('')).kept).toEqual([]);
});

test('whether there is a configured master key is decided at the start', () => {
  const { config, kept } = keepFixed(load(''), load(`{general_settings: {master_key: ${KEY}}}`));
  expect([config.masterKey, kept]).toEqual([null, ['general_settings.master_key']]);
});
