// A bucket that takes every object after a while, for what is measured of log destinations.
//
//   node bench/mock-bucket.mjs --port 9000 [--delay-ms 50]
//
// `GET /stats` tells how many objects and records it has been sent.

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'delay-ms': { type: 'string', default: '50' } },
});
const delayMs = Number(values['delay-ms']);
const stats = { objects: 0, records: 0 };

createServer((request, response) => {
  if (request.url === '/stats') {
    response.end(JSON.stringify(stats));
    return;
  }
  request.on('data', (/** @type {Buffer} */ part) => {
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, at + 1)) stats.records += 1;
  });
  request.on('end', () => {
    stats.objects += 1;
    setTimeout(() => response.end('{"kind":"storage#object"}'), delayMs);
  });
}).listen(Number(values.port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
