import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    reporters: ['default', './scripts/summary-reporter.ts'],
    // A forgotten test.only would silently skip all the others.
    allowOnly: false,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.{ts,js}'],
      exclude: ['src/**/*.test.ts'],
      reporter: ['text-summary', 'html'],
    },
    teardownTimeout: 20_000,
    projects: [
      {
        // Rules, converters and verbs, beside their source: no network, no PostgreSQL, no build. The files of a worker
        // share one process (some twelve times faster), so a test must put back what it changes in globals.
        extends: true,
        test: { name: 'unit', isolate: false, include: ['src/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
      },
      {
        // The product from outside: HTTP, contracts with a real PostgreSQL, real processes.
        extends: true,
        test: {
          name: 'blackbox',
          include: ['tests/**/*.test.ts'],
          globalSetup: ['tests/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
