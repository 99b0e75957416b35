// `npm start -- --config latchkey.yaml`: builds when needed, then serves in this very process, so that signals and the
// exit code are the server's own.

import { pathToFileURL } from 'node:url';
import { build, distMain, isDistStale } from './build.mjs';

try {
  if (isDistStale()) {
    console.error('building dist …');
    build();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

process.argv = [process.execPath, distMain, 'serve', ...process.argv.slice(2)];
await import(pathToFileURL(distMain).href);
