import { expect, test } from 'vitest';
import { readEnvironment } from './env.ts';
import { loadConfig } from './load-config.ts';

const FILE = `
litellm_settings:
  callbacks: [prometheus, otel]
  success_callback: [gcs_bucket, otel]
`;

test('callbacks are log destinations of both outcomes, named once; prometheus, whose page is always there, is none', () => {
  const { logging, warnings } = loadConfig({
    environment: readEnvironment({}),
    overrides: { configFile: 'config.yaml' },
    readFile: (path) => {
      if (path === 'config.yaml') return FILE;
      throw Object.assign(new Error(path), { code: 'ENOENT' });
    },
  });
  expect([logging.success, logging.failure]).toEqual([['otel', 'gcs_bucket'], ['otel']]);
  expect(warnings).toEqual([]);
});
