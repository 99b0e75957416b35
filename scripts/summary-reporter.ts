// Ends a test run with one line that a person or a program can read: `123 passed, 0 failed, 4 skipped`.

import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = 0;
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failedHere += 1;
        else skipped += 1;
      }
      // A file that could not be loaded, or whose hooks failed, has failed without a failing test.
      failed += failedHere === 0 && module.state() === 'failed' ? 1 : failedHere;
    }
    const line = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`;
    // The very last line, after the other reporters, coverage and tear-down.
    process.once('exit', () => writeSync(1, line));
  }
}
